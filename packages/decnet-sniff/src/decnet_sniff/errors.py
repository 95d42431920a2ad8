# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution; each is defined beside what raises it."""

from __future__ import annotations


class SniffError(Exception):
    """Something of decnet-sniff could not be done; the message says what to do next."""
