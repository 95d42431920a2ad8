# SPDX-License-Identifier: MIT
"""Debian's Apache and lighttpd with the configuration of their packages, and a site of two files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.decnet_decoys.http.dialogues.requests import MODIFIED
from tests.decnet_decoys.services.dialogues.asking import not_installed, takes_connections

PAGE = "<!DOCTYPE html>\n<html><head><title>It works</title></head><body><h1>It works</h1></body></html>\n"
ROBOTS = "User-agent: *\nDisallow: /private/\n"

_APACHE = """
ServerRoot {directory}
DefaultRuntimeDir {directory}
PidFile {directory}/pid
ErrorLog {directory}/error.log
Listen {address}:{port}
User www-data
Group www-data
ServerName 127.0.1.1
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
AccessFileName .htaccess
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory {directory}/www>
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
ServerTokens OS
ServerSignature On
TraceEnable Off
DocumentRoot {directory}/www
"""
_MODULES = (
    "alias", "authz_core", "authz_host", "autoindex", "deflate", "dir", "env", "filter", "mime", "mpm_event",
    "negotiation", "reqtimeout", "setenvif", "status",
)  # fmt: skip

_LIGHTTPD = """
server.modules = ("mod_indexfile", "mod_access", "mod_alias", "mod_redirect")
server.document-root = "{directory}/www"
server.bind = "{address}"
server.port = {port}
server.errorlog = "{directory}/error.log"
server.upload-dirs = ("{directory}")
server.feature-flags += ("server.h2proto" => "enable", "server.h2c" => "enable")
server.http-parseopts = (
  "header-strict" => "enable", "host-strict" => "enable", "host-normalize" => "enable",
  "url-normalize-unreserved"=> "enable", "url-normalize-required" => "enable", "url-ctrls-reject" => "enable",
  "url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable"
)
index-file.names = ("index.php", "index.html")
url.access-deny = ("~", ".inc")
static-file.exclude-extensions = (".php", ".pl", ".fcgi")
mimetype.assign = (".html" => "text/html", ".txt" => "text/plain;charset=utf-8")
server.modules += ("mod_dirlisting", "mod_staticfile")
"""


def missing(name: str) -> str:
    """Return why `apache2` or `lighttpd` cannot be started here; empty: it can."""
    return not_installed(name)


def _site(directory: Path) -> None:
    site = directory / "www"
    site.mkdir()
    for name, text in (("index.html", PAGE), ("robots.txt", ROBOTS), (".htaccess", "")):
        (site / name).write_text(text, encoding="ascii")
        os.utime(site / name, (MODIFIED, MODIFIED))
    for above in (directory, *directory.parents[:3], site):
        above.chmod(above.stat().st_mode | 0o755)  # its workers may have given up root


@asynccontextmanager
async def real_server(name: str, directory: Path, address: str, port: int) -> AsyncIterator[None]:
    """Run `apache2` or `lighttpd`."""
    _site(directory)
    text = (_APACHE if name == "apache2" else _LIGHTTPD).format(directory=directory, address=address, port=port)
    if name == "apache2":
        modules = "/usr/lib/apache2/modules"
        mime = "TypesConfig /etc/mime.types\nDirectoryIndex index.html index.cgi index.pl index.php\n"
        filters = "AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css\n"
        loads = "".join(f"LoadModule {module}_module {modules}/mod_{module}.so\n" for module in _MODULES)
        text = loads + text + mime + filters
    configuration = directory / "conf"
    configuration.write_text(text, encoding="ascii")
    command = ["/usr/sbin/apache2", "-D", "FOREGROUND"] if name == "apache2" else ["/usr/sbin/lighttpd", "-D"]
    process = await asyncio.create_subprocess_exec(*command, "-f", str(configuration))
    try:
        async with asyncio.timeout(120):
            while not await takes_connections(address, port):
                await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()
