# SPDX-License-Identifier: MIT
"""The Debian persona's answers beside those of a real nginx that serves the same files."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, http_profile
from tests.ports import free_port, own_address

CONFIGURATION = """
daemon off; master_process off; pid {0}/pid; error_log stderr notice;
events {{}}
http {{
  access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi; types {{ text/html html; text/plain txt; }}
  default_type application/octet-stream;
  server {{ listen {1}; root {0}/www; location / {{ try_files $uri $uri/ =404; }} }}
}}
"""
REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: h\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n",
    b"HEAD / HTTP/1.1\r\nHost: h\r\n",
    b"GET /nope HTTP/1.1\r\nHost: h\r\n", b"GET / HTTP/1.0\r\n", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n",
    b"GET / HTTP/1.1\r\n", b"garbage\r\n", b"GET / HTTP/3.0\r\n", b"OPTIONS / HTTP/1.1\r\nHost: h\r\n",
    b"BREW / HTTP/1.1\r\nHost: h\r\n", b"TRACE / HTTP/1.1\r\nHost: h\r\n", b"get / HTTP/1.1\r\nHost: h\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n", b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: h\r\n", b"GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n",
    b"GET /robots.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=0-3\r\n", b"GET /.git HTTP/1.1\r\nHost: h\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nIf-Modified-Since: Thu, 13 Jun 2024 08:00:01 GMT\r\n",
    b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03",
    b"GET http://evil/ HTTP/1.1\r\nHost: h\r\n", b"GET /%00 HTTP/1.1\r\nHost: h\r\n",
    b"GET /.env HTTP/1.1\r\nHost: h\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: h\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nBad Header\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n",
    b"GET / HTTP/1.1\r\nHost: a..b\r\n",
    b"GET / HTTP/1.1\r\nHost:\r\n", b"GET / HTTP/1.1\r\nHost: a/b\r\n", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", b"GET / HTTP/0.9\r\nHost: h\r\n",
    b"PRI * HTTP/2.0\r\n", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n", b"GET /%zz HTTP/1.1\r\nHost: h\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 9000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\n" + b"".join(b"X%d: %s\r\n" % (n, b"a" * 4000) for n in range(10)),
    b"GET /index.html HTTP/1.1\r\nHost: h\r\n", b"GET //a/../index.html HTTP/1.1\r\nHost: h\r\n",
    *(b"GET / HTTP/1.1\r\nHost: h\r\nRange: bytes=" + part for part in (b"-5\r\n", b"7-\r\n", b"999-\r\n", b"5-2\r\n")),
    b"GET / HTTP/1.1\r\nHost: h\r\nIf-None-Match: *\r\n",
    b'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nIf-Match: "x"\r\n',
]  # fmt: skip


async def asked(address: str, port: int, request: bytes, seconds: float = 0.25) -> bytes:
    """Return what is answered within `seconds`, its date and own port left out."""
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(request + b"\r\n")
    data = b""
    try:
        async with asyncio.timeout(seconds):
            while piece := await reader.read(1 << 16):
                data += piece
        data += b"<closed>"
    except TimeoutError:
        pass  # kept alive
    writer.close()
    return re.sub(rb"Date: [^\r]*", b"", data).replace(f":{port}".encode(), b"")


@pytest.fixture
async def nginx(tmp_path: Path) -> AsyncIterator[tuple[str, int]]:
    binary = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if binary is None:
        pytest.skip("no nginx on this machine")
    profile = http_profile("debian-web")
    for path, page in profile.pages.items():
        if page.static and page.body:
            file = tmp_path / "www" / (path.lstrip("/") or "index.html")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page.body)
            os.utime(file, (profile.modified, profile.modified))
    for above in (tmp_path, *tmp_path.parents[:2], tmp_path / "www"):
        above.chmod(0o755)  # its worker may have given up root
    address = own_address(40)
    port = free_port(address)
    (tmp_path / "conf").write_text(CONFIGURATION.format(tmp_path, f"{address}:{port}"))
    process = await asyncio.create_subprocess_exec(
        binary, "-p", str(tmp_path), "-c", str(tmp_path / "conf"), stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                _, writer = await asyncio.open_connection(address, port)
                writer.close()
                break
            except OSError:
                assert process.returncode is None
                await asyncio.sleep(0.05)
    yield address, port
    process.terminate()
    await process.wait()


async def test_answers_are_indistinguishable_from_nginx(host: DeckyHost, nginx: tuple[str, int]) -> None:
    port = host.decky.services["http"]
    targets = (nginx, (host.decky.address, port))
    for start in range(0, len(REQUESTS), 10):
        requests = REQUESTS[start : start + 10]
        answers = await asyncio.gather(*(asked(*target, request) for request in requests for target in targets))
        for request, *both in zip(requests, answers[::2], answers[1::2], strict=True):
            if of_1_22(both[0]) != both[1]:  # on a busy machine an answer takes longer
                both = await asyncio.gather(*(asked(*target, request, 10) for target in targets))  # noqa: PLW2901
            real, ours = both
            assert b"nginx/" in real
            assert ours == of_1_22(real), request


def of_1_22(answer: bytes) -> bytes:
    """Return `answer` as if it came from the nginx of Debian 12."""
    return re.sub(rb"nginx/[0-9.]+", b"nginx/1.22.1", answer)
