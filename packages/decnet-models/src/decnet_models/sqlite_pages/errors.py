# SPDX-License-Identifier: MIT
"""What is wrong with a page."""

from decnet_models.root_error import ModelsError


class DamagedPageError(ModelsError):
    """The bytes are not what the file format demands; the message says which rule is broken."""
