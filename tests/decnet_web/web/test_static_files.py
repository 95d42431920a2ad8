# SPDX-License-Identifier: MIT
"""The dashboard's files: fields, codings, caches, pages, and paths that lead nowhere."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.decnet_web.web.conftest import PAGE, SCRIPT, Running

Start = Callable[..., Awaitable[Running]]
ASSET = "/assets/index-Bx3f_9aQ.js"


async def test_the_page_comes_with_every_field_that_forbids(start_web: Start) -> None:
    web = await start_web()
    status, fields, body = await web.get("/")
    assert (status, body) == (200, PAGE)
    policy = fields["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    assert fields["cross-origin-opener-policy"] == fields["cross-origin-resource-policy"] == "same-origin"
    assert fields["cross-origin-embedder-policy"] == "require-corp"
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["referrer-policy"] == "no-referrer"
    assert "report-to policy" in policy
    assert fields["reporting-endpoints"] == 'policy="/api/v1/policy-reports"'
    assert "camera=()" in fields["permissions-policy"]
    assert fields["cache-control"] == "no-cache"
    assert "strict-transport-security" not in fields
    assert "server" not in fields


@pytest.mark.parametrize("path", ["/attackers", "/attackers/192.0.2.1", "/attackers/192.0.2.1?tab=files", "/a/b/c"])
async def test_a_deep_link_gives_the_page(start_web: Start, path: str) -> None:
    assert (await (await start_web()).get(path))[::2] == (200, PAGE)


@pytest.mark.parametrize(
    "path", ["/assets/gone-12345678.js", "/assets/x", "/nothing.php", "/favicon.ico", "/secret.pem.txt"]
)
async def test_a_missing_file_is_missing(start_web: Start, path: str) -> None:
    status, fields, _ = await (await start_web()).get(path)
    assert status == 404
    assert fields["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/../secret.pem", "/assets/../index.html", "/%2e%2e/secret.pem", "/assets/%2E%2e/x", "/./", "//etc/passwd",
     "/a\\..\\b", "/a%5c..%5cb", "/x%00.js", "/api/../index.html", "/#"],
)  # fmt: skip
async def test_a_path_with_a_trick_is_refused(start_web: Start, path: str) -> None:
    web = await start_web()
    assert (await web.get(path))[0] == 400
    assert not web.api.connections


async def test_what_no_dashboard_has_is_not_served_from_its_folder(start_web: Start, static: Path) -> None:
    (static / "assets" / "outside.js").symlink_to("/etc/passwd")
    web = await start_web()
    assert (await web.get("/secret.pem"))[2] == PAGE  # a page's path, as any other that is no asset's
    assert (await web.get("/assets/outside.js"))[0] == 404


async def test_an_asset_is_immutable_and_comes_in_the_best_accepted_coding(start_web: Start) -> None:
    web = await start_web()
    _, fields, body = await web.get(ASSET)
    assert body == SCRIPT
    assert fields["cache-control"] == "public, max-age=31536000, immutable"
    assert fields["vary"] == "Accept-Encoding"
    assert fields["content-type"] == "text/javascript; charset=utf-8"
    _, fields, body = await web.get(ASSET, "Accept-Encoding: gzip, deflate, br;q=0")
    assert (fields["content-encoding"], gzip.decompress(body)) == ("gzip", SCRIPT)
    _, fields, body = await web.get(ASSET, "Accept-Encoding: gzip, br")
    assert (fields["content-encoding"], body) == ("br", b"as brotli")


async def test_a_known_file_is_not_sent_again_until_it_changes(start_web: Start, static: Path) -> None:
    web = await start_web()
    etag = (await web.get("/"))[1]["etag"]
    status, fields, body = await web.get("/", f'If-None-Match: W/{etag}, "other"')
    assert (status, body) == (304, b"")
    assert "content-security-policy" in fields
    page = static / "index.html"
    before = page.stat().st_mtime_ns
    page.write_bytes(PAGE[::-1])  # as long as before
    os.utime(page, ns=(before + 1, before + 1))
    status, fields, body = await web.get("/", f"If-None-Match: {etag}")
    assert (status, body) == (200, PAGE[::-1])
    assert fields["etag"] != etag


async def test_head_has_the_fields_without_the_body(start_web: Start) -> None:
    status, fields, body = await (await start_web()).get("/", method="HEAD")
    assert (status, fields["content-length"], body) == (200, str(len(PAGE)), b"")


async def test_the_files_cannot_be_written(start_web: Start) -> None:
    status, fields, _ = await (await start_web()).get("/", "Content-Length: 3", method="POST")
    assert (status, fields["allow"]) == (405, "GET, HEAD")


async def test_without_a_build_it_says_how_to_build(start_web: Start, tmp_path: Path) -> None:
    web = await start_web(folder=tmp_path / "nothing")
    status, _, body = await web.get("/")
    assert status == 503
    assert b"make up" in body
    assert (await web.get("/api/v1/session"))[0] == 200


async def test_a_build_is_seen_without_a_restart(start_web: Start, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    web = await start_web(folder=folder)
    assert (await web.get("/"))[0] == 503
    folder.mkdir()
    (folder / "index.html").write_bytes(PAGE)
    assert (await web.get("/"))[2] == PAGE


async def test_curl_reads_a_compressed_file_over_a_kept_connection(start_web: Start) -> None:
    import asyncio

    web = await start_web()
    url = f"http://127.0.0.1:{web.port}"
    command = [
        "curl",
        "-sS",
        "--compressed",
        "-H",
        "Accept-Encoding: gzip",
        "-w",
        "%{num_connects}",
        f"{url}{ASSET}",
        f"{url}/",
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    assert said == SCRIPT + b"1" + PAGE + b"0"
