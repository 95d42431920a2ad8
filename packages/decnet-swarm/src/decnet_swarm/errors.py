# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution; each is defined beside what raises it."""


class SwarmError(Exception):
    """decnet-swarm could not do something; the message says what to do next."""
