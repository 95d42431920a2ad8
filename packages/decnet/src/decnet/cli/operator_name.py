# SPDX-License-Identifier: MIT
"""In whose name something is done: who runs the command, or the account for whom the API does it."""

import contextlib
import os
import pwd
from collections.abc import Iterator
from contextvars import ContextVar

_ACTING: ContextVar[str | None] = ContextVar("decnet_acting", default=None)


def operator() -> str:
    """Return the name of the account that is acting, else of the person who runs the command, also behind sudo."""
    if (acting := _ACTING.get()) is not None:
        return acting
    with contextlib.suppress(KeyError):
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    return str(os.getuid())


@contextlib.contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Do what is done inside in the name of an account; in this thread only."""
    token = _ACTING.set(name)
    try:
        yield
    finally:
        _ACTING.reset(token)
