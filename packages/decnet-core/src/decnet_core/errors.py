# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution; each is defined beside what raises it."""


class CoreError(Exception):
    """decnet-core could not do something; the message says what to do next."""
