# SPDX-License-Identifier: MIT
"""The logins that an event stands for, each with the key of its credential."""

import hashlib

import msgspec

from decnet_core.events.catalogue import LoginAttempt, Payload


class Login(msgspec.Struct, frozen=True):
    """A login that was tried `count` times, and the digest of its credential."""

    attempt: LoginAttempt
    count: int
    digest: str


def logins_of(payload: Payload) -> tuple[Login, ...]:
    """Return the logins that an event of any kind reports."""
    if not isinstance(payload, LoginAttempt):
        return ()
    return tuple(Login(one, count, digest_of(one)) for one, count in payload.variants())


def digest_of(login: LoginAttempt) -> str:
    """Return the key of a credential: the same for the same user name, password and public key on any service.

    32 hexadecimal digits, BLAKE2b (RFC 7693) over the parts, each with its length, so that no two triples can
    be confused.
    """
    return hashlib.blake2b(
        _part(login.username) + _part(login.password) + _part(login.public_key), digest_size=16
    ).hexdigest()


def _part(part: str | None) -> bytes:
    if part is None:
        return b"-"
    data = part.encode("utf-8", "surrogatepass")
    return b"%d:%b" % (len(data), data)
