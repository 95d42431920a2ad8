# SPDX-License-Identifier: MIT
"""How servers of Debian 12 are configured for TLS: what tools such as nmap's ssl-enum-ciphers tell them apart by."""

import ssl
import tempfile
from typing import Final, NamedTuple

_GROUP = """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA///////////JD9qiIWjCNMTGYouA3BzRKQJOCIpnzHQCC76mOxOb
IlFKCHmONATd75UZs806QxswKwpt8l8UN0/hNW1tUcJF5IW1dmJefsb0TELppjft
awv/XLb0Brft7jhr+1qJn6WunyQRfEsf5kkoZlHs5Fs9wgB8uKFjvwWY2kg2HFXT
mmkWP6j9JM9fg2VdI9yjrZYcYvNWIIVSu57VKQdwlpZtZww1Tkq8mATxdGwIyhgh
fDKQXkYuNs474553LBgOhgObJ4Oi7Aeij7XFXfBvTFLJ3ivL9pVYFxg5lUl86pVq
5RXSJhiY+gUQFXKOWoqsqmj//////////wIBAg==
-----END DH PARAMETERS-----
"""
"""Of 2,048 bits (RFC 3526), which OpenSSL takes by itself for a server that asks it to."""


class ServerProfile(NamedTuple):
    """What one server offers."""

    ciphers: str
    prefers_own: bool = True
    """Whether its order of ciphers counts, not the client's."""
    finite_fields: bool = False
    """Whether it offers key exchanges by DHE."""
    tickets: bool = True
    early_versions: bool = True
    """Whether TLS 1.0 and 1.1 are enabled: OpenSSL's security level lets nobody use them, but words that otherwise."""
    acknowledges_name: bool = False
    """Whether it tells the client that it has looked at the name (RFC 6066 §3)."""
    refuses_protocols: bool = False
    """Whether it ends a handshake in which none of the offered protocols is one of its own (RFC 7301 §3.2)."""

    def apply(self, context: ssl.SSLContext) -> None:
        """Have a server's context offer that."""
        context.set_ciphers(self.ciphers)
        if not self.prefers_own:
            context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        if not self.tickets:
            context.options |= ssl.OP_NO_TICKET
        if self.early_versions:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        if self.acknowledges_name:
            context.sni_callback = _take_any_name
        if self.finite_fields:
            with tempfile.NamedTemporaryFile(mode="w", suffix=".pem") as file:
                file.write(_GROUP)
                file.flush()
                context.load_dh_params(file.name)


def _take_any_name(_tls: object, _name: str | None, _context: object) -> None:
    """Return nothing: go on."""


NGINX: Final = ServerProfile("HIGH:!aNULL:!MD5:@SECLEVEL=2", acknowledges_name=True, refuses_protocols=True)
APACHE: Final = ServerProfile("HIGH:!aNULL:@SECLEVEL=2", prefers_own=False, finite_fields=True, tickets=False)
LIGHTTPD: Final = ServerProfile(
    "EECDH+AESGCM:CHACHA20:!PSK:!DHE:@SECLEVEL=2", prefers_own=False, early_versions=False, refuses_protocols=True
)
