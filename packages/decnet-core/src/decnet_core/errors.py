# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution; each is defined beside what raises it."""

from __future__ import annotations


class CoreError(Exception):
    """decnet-core could not do something; the message says what to do next."""
