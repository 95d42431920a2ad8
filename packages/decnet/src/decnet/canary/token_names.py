# SPDX-License-Identifier: MIT
"""Finds the token that an operator names: itself, or its URL or host name as it stands in a list or an alert."""

import re

from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError
from decnet_core.canary import SLUG_LENGTH
from decnet_models.canary.queries import CanaryToken, token_named

_WORD = re.compile(rf"(?<![a-z2-7])[a-z2-7]{{{SLUG_LENGTH}}}(?![a-z2-7])", re.IGNORECASE)


def known_token(connection: Connection, text: str) -> CanaryToken:
    """Return the token; raises NotFoundError."""
    for word in _WORD.findall(text):
        if (found := token_named(connection, word)) is not None:
            return found
    raise NotFoundError(f"there is no token {text}; see decnet canary list")
