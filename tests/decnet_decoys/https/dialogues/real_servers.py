# SPDX-License-Identifier: MIT
"""Debian's nginx, Apache and lighttpd with TLS as their packages set it up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.decnet_decoys.http.dialogues import real_servers as clear

from decnet_decoys.tls.certificate import server_context

_NGINX = """ssl_certificate {directory}/tls.pem; ssl_certificate_key {directory}/tls.pem;
  ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;
"""
_APACHE = """
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLSessionCache shmcb:{directory}/cache(512000)
SSLCipherSuite HIGH:!aNULL
SSLProtocol all -SSLv3
SSLSessionTickets off
SSLEngine on
SSLCertificateFile {directory}/tls.pem
"""
_LIGHTTPD = """
server.modules += ("mod_openssl")
ssl.engine = "enable"
ssl.pemfile = "{directory}/tls.pem"
"""


def missing(name: str) -> str:
    """Return why `nginx`, `apache2` or `lighttpd` cannot be started here; empty: it can."""
    absent = name == "lighttpd" and not Path("/usr/lib/lighttpd/mod_openssl.so").exists()
    return "not installed: lighttpd-mod-openssl" if absent else clear.missing(name)


def _configuration(name: str) -> str:
    text = clear.configuration(name)
    if name == "nginx":
        return text.replace("default_server;", "ssl http2 default_server; " + _NGINX)
    return text + (_APACHE if name == "apache2" else _LIGHTTPD)


@asynccontextmanager
async def real_server(name: str, address: str, port: int) -> AsyncIterator[None]:
    """Run one of them; its certificate is made as a decky's is."""
    certified = partial(server_context, name="web-01")
    async with clear.running(name, _configuration(name), address, port, certified):
        yield
