# SPDX-License-Identifier: MIT
"""A connection string of a database or queue."""

from decnet.canary.kinds.kind import Bait, Kind, Token, link
from decnet.cli.errors import RefusedError
from decnet_core.canary import SlugKind

_FORMS = {
    "postgresql": "postgresql://app:{slug}@{host}:5432/app",
    "mysql": "mysql://app:{slug}@{host}:3306/app",
    "mongodb": "mongodb://app:{slug}@{host}:27017/app?authSource=admin",
    "redis": "redis://:{slug}@{host}:6379/0",
    "amqp": "amqp://app:{slug}@{host}:5672/app",
    "sqlserver": "Server=tcp:{host},1433;Database=app;User Id=app;Password={slug};Encrypt=True;",
    "jdbc": "jdbc:postgresql://{host}:5432/app?user=app&password={slug}",
}


def _make(token: Token) -> Bait:
    if token.scheme not in _FORMS:
        raise RefusedError(f"scheme {token.scheme!r}: choose one of {', '.join(_FORMS)}")
    return link(_FORMS[token.scheme].format(slug=token.slug, host=token.host))


KIND = Kind(
    SlugKind.LOGIN,
    _make,
    trips="a client that connects (it resolves the host), or its password at any decoy",
    reveals="the address of the resolver, or of whoever tried the password",
)
