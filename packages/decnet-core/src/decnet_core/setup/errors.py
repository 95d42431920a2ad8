# SPDX-License-Identifier: MIT
"""Why a host cannot be set up."""

from __future__ import annotations


class SetupError(Exception):
    """It cannot be done here before somebody changes something; the message says what."""


class DisputedError(Exception):
    """A file that the operator has changed is in the way, and nobody may decide; the message names it."""
