# SPDX-License-Identifier: MIT
"""Debian's nginx, Apache and lighttpd with the configuration of their packages, and a site of a few files."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.decnet_decoys.http.dialogues.requests import MODIFIED
from tests.decnet_decoys.services.dialogues.asking import not_installed, takes_connections

PAGE = "<!DOCTYPE html>\n<html><head><title>It works</title></head><body><h1>It works</h1></body></html>\n"
ROBOTS = "User-agent: *\nDisallow: /private/\n"
FILES = {
    "index.html": PAGE,
    "robots.txt": ROBOTS,
    ".htaccess": "",
    "docs/index.html": PAGE.replace("It works", "Documents"),
    "style.css": "body { color: black }\n" * 10,
    "long.txt": "".join(f"line {number}\n" for number in range(100)),
    "empty.txt": "",
    "data.bin": "data\n" * 100,
}
TYPES = {".html": "text/html", ".txt": "text/plain", ".css": "text/css", ".bin": "application/octet-stream"}

_NGINX = """
daemon off; master_process off; pid {directory}/pid; error_log {directory}/error.log;
events {{}}
http {{
  sendfile on; tcp_nopush on; types_hash_max_size 2048;
  include /etc/nginx/mime.types; default_type application/octet-stream;
  access_log off; gzip on;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  server {{
    listen {address}:{port} default_server;
    root {directory}/www; index index.html index.htm index.nginx-debian.html; server_name _;
    location / {{ try_files $uri $uri/ =404; }}
  }}
}}
"""
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
<Location /server-status>
    SetHandler server-status
    Require all denied
</Location>
ServerTokens OS
ServerSignature On
TraceEnable Off
DocumentRoot {directory}/www
"""
"""Debian's, but that the state of the server is shown to nobody: visitors would come from this machine."""
_MODULES = (
    "access_compat", "alias", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_host", "authz_user",
    "autoindex", "deflate", "dir", "env", "filter", "mime", "mpm_event", "negotiation", "reqtimeout", "setenvif",
    "status",
)  # fmt: skip
_CONFIGURED = ("alias", "autoindex", "deflate", "dir", "mime", "negotiation", "reqtimeout", "setenvif")

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
include_shell "/usr/share/lighttpd/create-mime.conf.pl"
server.modules += ("mod_dirlisting", "mod_staticfile")
"""
_PROGRAMS = {
    "nginx": ["/usr/sbin/nginx", "-c"],
    "apache2": ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f"],
    "lighttpd": ["/usr/sbin/lighttpd", "-D", "-f"],
}


def missing(name: str) -> str:
    """Return why `nginx`, `apache2` or `lighttpd` cannot be started here; empty: it can."""
    return not_installed(name)


def _site(directory: Path) -> None:
    for name, text in FILES.items():
        file = directory / "www" / name
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
        os.utime(file, (MODIFIED, MODIFIED))


def configuration(name: str) -> str:
    """Return the configuration of a server for `running`."""
    if name == "nginx":
        return _NGINX
    if name == "lighttpd":
        return _LIGHTTPD
    loads = "".join(f"LoadModule {one}_module /usr/lib/apache2/modules/mod_{one}.so\n" for one in _MODULES)
    return loads + _APACHE + "".join(f"Include /etc/apache2/mods-available/{one}.conf\n" for one in _CONFIGURED)


@asynccontextmanager
async def real_server(name: str, address: str, port: int) -> AsyncIterator[None]:
    """Run `nginx`, `apache2` or `lighttpd`."""
    async with running(name, configuration(name), address, port):
        yield


@asynccontextmanager
async def running(
    name: str, text: str, address: str, port: int, prepare: Callable[[Path], object] = lambda _: None
) -> AsyncIterator[None]:
    """Run a server with a configuration, whose `directory` is one with a site in it, and what `prepare` puts there.

    It is not below pytest's, which its processes, who have given up root, may not enter.
    """
    with tempfile.TemporaryDirectory(prefix="decnet-site-") as made:
        directory = Path(made)
        directory.chmod(0o755)
        _site(directory)
        prepare(directory)
        file = directory / "conf"
        file.write_text(text.format(directory=directory, address=address, port=port), encoding="ascii")
        process = await asyncio.create_subprocess_exec(*_PROGRAMS[name], str(file))
        try:
            async with asyncio.timeout(120):
                while not await takes_connections(address, port):
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
