# SPDX-License-Identifier: MIT
"""Why a host cannot be set up."""

from __future__ import annotations

from decnet_core.errors import CoreError


class SetupError(CoreError):
    """It cannot be done here before somebody changes something; the message says what."""


class DisputedError(CoreError):
    """A file that the operator has changed is in the way, and nobody may decide; the message names it."""
