# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution; each is defined beside what raises it."""

from __future__ import annotations


class SwarmError(Exception):
    """Something of decnet-swarm could not be done; the message says what to do next."""
