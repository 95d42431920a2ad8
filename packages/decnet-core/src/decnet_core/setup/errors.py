# SPDX-License-Identifier: MIT
"""Reasons why a host cannot be set up."""

from decnet_core.errors import CoreError


class SetupError(CoreError):
    """Setup is not possible until something is changed; the message says what."""


class DisputedError(CoreError):
    """A file that the operator has edited would be replaced, and there is no terminal to ask; the message names it."""
