# SPDX-License-Identifier: MIT
"""What is wrong with a page."""


class DamagedPageError(Exception):
    """The bytes are not what the file format demands; the message says which rule is broken."""
