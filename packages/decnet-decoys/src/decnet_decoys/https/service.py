# SPDX-License-Identifier: MIT
"""The HTTPS service: the persona's site inside TLS, with the decky's own certificate.

ALPN offers h2 where the persona's web server is set up for it (`http2`). Of the shipped ones that is debian-web, whose
nginx has `listen 443 ssl http2`, as whoever sets up such a site writes. Apache's mod_http2 is not enabled when Debian
installs it, so mail-server has HTTP/1.1 only.
"""

import time
from importlib import import_module
from typing import Any

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.service import HttpService
from decnet_decoys.https.clear import ClearSite, apache_page, is_clear_for_nginx
from decnet_decoys.personas.schema import Part
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.service import Service
from decnet_decoys.tls.errors import ClearTextError, NotTlsError


class HttpsProfile(Part, frozen=True, kw_only=True):
    """What differs from the persona's HTTP service."""

    name: str = ""
    """Whom the certificate names; empty: the machine's name."""
    http2: bool = False
    """Whether it offers HTTP/2, as nginx 1.22 speaks it."""


_HTTP2 = "decnet_decoys.https.http2.requests"
"""Loaded for the first client that chooses it, in the thread: hpack takes 6 ms."""
EMPTY_SITE = HttpProfile(flavour="nginx", server="nginx", modified=0, pages={})
"""Of a persona without an HTTP service."""


def tls_of(flavour: str, *, http2: bool) -> tuple[tuple[str, ...], Any]:
    """Return the protocols and the ciphers that a web server offers."""
    from decnet_decoys.tls import server_profile

    configured = {"apache": server_profile.APACHE, "lighttpd": server_profile.LIGHTTPD}
    older = {"nginx": ("http/1.0", "http/0.9"), "lighttpd": ("http/1.0",)}.get(flavour, ())
    protocols = (*(("h2",) if http2 else ()), "http/1.1", *older)
    return protocols, configured.get(flavour, server_profile.NGINX)


class HttpsService(Service[HttpsProfile]):
    """HTTP/1.1 and HTTP/2 inside TLS: the persona's site, with every request and login recorded."""

    default_port = 8443
    standard_port = 443
    reach = "https://{address}:{port}/"
    suggestion = "curl --insecure https://{address}:{port}/"
    idle_seconds = HttpService.idle_seconds
    Profile = HttpsProfile

    def __init__(self, context: DeckyContext, profile: HttpsProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.tls.offer import TlsOffer  # OpenSSL

        site = context.persona.profile(HttpProfile) or EMPTY_SITE
        self._site = HttpService(context, site, port, scheme="https")
        self._flavour = site.flavour
        self._clear: HttpService | None = None
        if site.flavour == "nginx":
            self._clear = HttpService(context, site, port, scheme="https")
            self._clear.site = ClearSite(site, context.decky.address, port, "https")
        self._http2: Any = None
        self.tls = TlsOffer(context, profile.name or context.host_name, *tls_of(site.flavour, http2=profile.http2))

    async def serve(self, connection: Connection) -> None:
        assert self.tls is not None
        try:
            secured = await self.tls.secured(connection, is_clear_for_nginx if self._clear is not None else None)
        except ClearTextError as error:
            assert self._clear is not None
            await self._clear.serve(connection, error.first)
            return
        except ConnectionEnded as error:
            if isinstance(error, NotTlsError) and error.reason == "HTTP_REQUEST" and self._flavour == "apache":
                await connection.write(apache_page(self._site.profile, time.time()))
            if connection.received.total and not connection.other_protocol:  # which is on record
                connection.record_not_understood("no TLS", str(error))
            raise
        if secured.protocol == "h2":
            if self._http2 is None:
                self._http2 = await self.context.runtime.in_thread(import_module, _HTTP2)
            await self._http2.Http2Requests(self._site, secured).serve()
        else:
            await self._site.serve(secured)
