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
    """What one server offers from TLS 1.2 on."""

    ciphers: str
    prefers_own: bool = True
    """Whether its order of ciphers counts, not the client's."""
    finite_fields: bool = False
    """Whether it offers key exchanges by DHE."""
    tickets: bool = True

    def apply(self, context: ssl.SSLContext) -> None:
        """Have a server's context offer that."""
        context.set_ciphers(self.ciphers)
        if not self.prefers_own:
            context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        if not self.tickets:
            context.options |= ssl.OP_NO_TICKET
        if self.finite_fields:
            with tempfile.NamedTemporaryFile(mode="w", suffix=".pem") as file:
                file.write(_GROUP)
                file.flush()
                context.load_dh_params(file.name)


NGINX: Final = ServerProfile("HIGH:!aNULL:!MD5")
APACHE: Final = ServerProfile("HIGH:!aNULL", prefers_own=False, finite_fields=True, tickets=False)
LIGHTTPD: Final = ServerProfile("HIGH:!aNULL")
