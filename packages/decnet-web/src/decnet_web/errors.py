# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution; each is defined beside what raises it."""


class WebError(Exception):
    """decnet-web could not do something; the message says what to do next."""
