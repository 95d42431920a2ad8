# SPDX-License-Identifier: MIT
"""Recognises planted passwords and SSH keys among the logins on decoys, by what the database knows of each token.

The password of a login pair is its token, so only what looks like a token is looked up.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from sqlalchemy import Connection

from decnet_core.canary import SLUG_LENGTH
from decnet_models.canary.queries import token_named, token_recognised_by
from decnet_workers.profiler.logins import Login

_TOKEN = re.compile(rf"[a-z2-7]{{{SLUG_LENGTH}}}", re.IGNORECASE)


def bait_look_up(connection: Connection) -> Callable[[Iterable[Login]], str | None]:
    """Return a look-up of the token of the first planted secret among logins, for the duration of a batch."""

    @cache
    def of_password(password: str) -> str | None:
        found = token_named(connection, password)
        return None if found is None else found.token

    @cache
    def of_key(fingerprint: str) -> str | None:
        found = token_recognised_by(connection, fingerprint)
        return None if found is None else found.token

    def bait_in(logins: Iterable[Login]) -> str | None:
        for login in logins:
            password, key = login.attempt.password, login.attempt.public_key
            token = of_key(key) if key else None
            if token is None and password and _TOKEN.fullmatch(password):
                token = of_password(password)
            if token is not None:
                return token
        return None

    return bait_in
