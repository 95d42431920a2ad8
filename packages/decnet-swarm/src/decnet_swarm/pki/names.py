# SPDX-License-Identifier: MIT
"""What a member of the fleet is called, and how its certificate says what it may be.

The role stands twice in a certificate. The extended key usage (RFC 5280, 4.2.1.12) is what every TLS library enforces
by itself: a sensor's certificate is for clients, the listener's for servers. The URI `decnet:role:ROLE` among the
alternative names is what we check beside it, so that a server's certificate of this authority that was made for
something else is no listener's.
"""

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Any

NAME_LIMIT = 63
"""Characters of a name; a common name in X.509 has at most 64."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_URI = "decnet:role:"


class Role(enum.StrEnum):
    """What a certificate is for."""

    FORWARDER = "forwarder"
    LISTENER = "listener"

    @property
    def uri(self) -> str:
        return _URI + self.value


def is_name(text: str) -> bool:
    """Return whether `text` can be a sensor's name: letters, digits, and inside also `.`, `_` and `-`."""
    return _NAME.fullmatch(text) is not None


def roles_in(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the roles that a verified certificate names, from what `SSLSocket.getpeercert()` returns."""
    names: Iterable[tuple[str, str]] = (certificate or {}).get("subjectAltName", ())
    return frozenset(value.removeprefix(_URI) for kind, value in names if kind == "URI" and value.startswith(_URI))
