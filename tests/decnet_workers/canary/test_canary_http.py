# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from decnet_core.canary import SlugKind
from decnet_core.events.catalogue import CanaryHit, HttpRequest
from decnet_core.exits import StartupError
from decnet_workers.canary.redirects import redirect_segment

Start = Callable[..., Awaitable[Any]]


async def exchange(canary: Any, data: bytes, *, end: bool = False) -> bytes:
    """Send `data` and read until the server closes (or, with `end`, after closing our side)."""
    reader, writer = await asyncio.open_connection(*canary.http)
    writer.write(data)
    if end:
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 120)
    finally:
        writer.close()


def get(target: str, *headers: str, host: str = "example.test") -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]).encode()


async def test_a_token_anywhere_in_the_path_is_a_hit(start_canary: Start) -> None:
    canary = await start_canary()
    slug = canary.token()
    for target in (f"/{slug.text}", f"/a/b/{slug.text}/index.html", f"/x/{slug.text.upper()}.png?q=1"):
        answer = await exchange(canary, get(target, "User-Agent: curl/8.5"))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    hits = [event.payload for event in canary.events()]
    assert hits == [
        CanaryHit(slug.text, "http", f"/{slug.text}", user_agent="curl/8.5", method="GET"),
        CanaryHit(slug.text, "http", f"/a/b/{slug.text}/index.html", user_agent="curl/8.5", method="GET"),
        CanaryHit(slug.text, "http", f"/x/{slug.text.upper()}.png?q=1", user_agent="curl/8.5", method="GET"),
    ]


async def test_a_token_as_host_label_is_a_hit(start_canary: Start) -> None:
    canary = await start_canary(zone="lures.test")
    slug = canary.token()
    await exchange(canary, get("/", host=f"{slug.text}.lures.test:8880"))
    (event,) = canary.events()
    assert isinstance(event.payload, CanaryHit)
    assert event.payload.token == slug.text
    assert (event.src_ip, event.dst_ip, event.dst_port) == ("127.0.0.1", "127.0.0.1", canary.http[1])
    assert (event.decky, event.sensor) == ("canary", "lab")


async def test_a_web_bug_answers_with_a_picture(start_canary: Start) -> None:
    canary = await start_canary()
    answer = await exchange(canary, get(f"/{canary.token(SlugKind.WEBBUG).text}.gif"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: image/gif" in head
    assert body.startswith(b"GIF89a")
    assert f"Content-Length: {len(body)}".encode() in head


async def test_a_guessed_token_is_no_hit_but_a_request(start_canary: Start) -> None:
    canary = await start_canary()
    slug = canary.token().text
    forged = ("b" if slug[0] == "a" else "a") + slug[1:]
    answer = await exchange(canary, get(f"/{forged}"))
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    (event,) = canary.events()
    assert isinstance(event.payload, HttpRequest)
    assert event.payload.target == f"/{forged}"
    assert event.payload.status == 404


async def test_answers_do_not_give_a_framework_away(start_canary: Start) -> None:
    canary = await start_canary()
    requests = [
        get("/nothing"),
        get("/"),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        b"GET / HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"a" * 20000,
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ]
    for request in requests:
        answer = await exchange(canary, request)
        assert answer.startswith(b"HTTP/1.1 "), request[:30]
        assert b"\r\nServer: nginx\r\n" in answer
        assert not any(word in answer.lower() for word in (b"python", b"decnet", b"canary", b"traceback"))
    assert len(canary.events()) == len(requests)


async def test_one_connection_serves_many_requests(start_canary: Start) -> None:
    canary = await start_canary()
    slug = canary.token().text

    def browse() -> list[int]:
        connection = http.client.HTTPConnection(canary.http[0], canary.http[1], timeout=100)
        statuses = []
        for method, target in (("GET", f"/{slug}"), ("HEAD", f"/{slug}"), ("POST", "/x"), ("GET", "/y")):
            connection.request(method, target, body=b"k=v" if method == "POST" else None)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()
        return statuses

    assert await asyncio.to_thread(browse) == [200, 200, 405, 404]
    assert len({event.src_port for event in canary.events()}) == 1
    post = canary.events()[2].payload
    assert isinstance(post, HttpRequest)
    assert (post.body, post.body_bytes) == ("k=v", 3)
    assert post.body_sha256 is not None


async def test_pipelined_requests_are_answered_in_order(start_canary: Start) -> None:
    canary = await start_canary()
    answer = await exchange(canary, b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" + get("/2"))
    assert answer.count(b"HTTP/1.1 404") == 2
    requests = [event.payload for event in canary.events() if isinstance(event.payload, HttpRequest)]
    assert [request.target for request in requests] == ["/1", "/2"]


async def test_forwarded_address_is_accepted_only_from_a_trusted_proxy(start_canary: Start) -> None:
    canary = await start_canary(trusted_proxies=("127.0.0.0/8",))
    await exchange(canary, get("/", "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 127.0.0.2"))
    assert canary.events()[0].src_ip == "203.0.113.9"


async def test_forwarded_address_is_ignored_by_default(start_canary: Start) -> None:
    canary = await start_canary()
    await exchange(canary, get("/", "X-Forwarded-For: 203.0.113.9"))
    assert canary.events()[0].src_ip == "127.0.0.1"


async def test_a_source_over_its_rate_is_refused_without_an_event(start_canary: Start) -> None:
    canary = await start_canary(requests_per_second=0.001, request_burst=2)
    answers = [await exchange(canary, get("/")) for _ in range(3)]
    assert [answer[9:12] for answer in answers] == [b"403", b"403", b"503"]
    assert len(canary.events()) == 2
    assert canary.ctx.counters.snapshot()["rate_limited"] == 1


async def test_connections_beyond_the_limit_are_closed(start_canary: Start) -> None:
    canary = await start_canary(max_connections_per_source=1)
    _, first = await asyncio.open_connection(*canary.http)
    reader, second = await asyncio.open_connection(*canary.http)
    assert await asyncio.wait_for(reader.read(), 120) == b""
    assert canary.ctx.counters.snapshot()["connections_refused"] == 1
    first.close()
    second.close()
    await first.wait_closed()
    while canary.ctx.counters.snapshot()["connections"]:  # counted by a callback of the loop
        await asyncio.sleep(0)
    assert (await exchange(canary, get("/"))).startswith(b"HTTP/1.1 403")


async def test_sources_that_hold_all_connections_do_not_hide_a_hit(start_canary: Start) -> None:
    canary = await start_canary(max_connections=4, max_connections_per_source=2)
    slug, sources = canary.token(), ("127.0.0.2", "127.0.0.3") * 2
    held = [await asyncio.open_connection(*canary.http, local_addr=(source, 0)) for source in sources]
    assert await exchange(canary, get(f"/{slug.text}"))
    assert [type(event.payload) for event in canary.events()] == [CanaryHit]
    assert await asyncio.wait_for(held[0][0].read(), 120) == b""
    assert canary.ctx.counters.snapshot()["connections_evicted"] == 1
    for _, writer in held:
        writer.close()


async def test_a_slow_request_ends_at_the_deadline(start_canary: Start) -> None:
    canary = await start_canary(head_seconds=0.2)
    assert await exchange(canary, b"GET / HTT") == b""
    assert canary.ctx.counters.snapshot()["deadlines"] == 1


@pytest.mark.scale
async def test_a_client_that_never_reads_is_dropped(start_canary: Start) -> None:
    canary = await start_canary(request_burst=100_000)
    place = canary.ctx.parking.sockets["http"]
    place.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # its connections have the same: soon full
    _, writer = await asyncio.open_connection(*canary.http)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket transport reads
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    flood = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000

    async def keep_asking() -> None:
        async with asyncio.timeout(120):
            while True:  # buffers take some of it, however soon the other side has closed
                writer.write(flood)
                await writer.drain()
                await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await keep_asking()
    assert canary.ctx.counters.snapshot()["slow_readers"] == 1
    writer.close()


async def test_a_busy_port_is_a_startup_error_that_names_the_setting(start_canary: Start) -> None:
    canary = await start_canary()
    with pytest.raises(StartupError, match=r"http_listen"):
        await start_canary(http_listen=f"127.0.0.1:{canary.http[1]}", dns_listen="")
    with pytest.raises(StartupError, match=r"dns_listen"):
        await start_canary(http_listen="", dns_listen=f"127.0.0.1:{canary.dns[1]}")


async def test_a_wrong_listen_address_is_a_startup_error(start_canary: Start) -> None:
    with pytest.raises(StartupError, match="write an address and a port"):
        await start_canary(http_listen="localhost")


async def test_a_redirect_leads_only_where_its_maker_said(start_canary: Start) -> None:
    canary = await start_canary()
    slug, other = canary.token(SlugKind.REDIRECT).text, canary.token(SlugKind.REDIRECT).text
    segment = redirect_segment(canary.key, slug, "https://www.example.net/welcome?a=1")
    answer = await exchange(canary, get(f"/{slug}/{segment}"))
    assert answer.startswith(b"HTTP/1.1 302 Found\r\n")
    assert b"\r\nLocation: https://www.example.net/welcome?a=1\r\n" in answer
    for target in (f"/{other}/{segment}", f"/{slug}/{segment[:-2]}AA", f"/{slug}/https:evil.test", f"/{slug}"):
        assert b"Location" not in await exchange(canary, get(target))
    assert [event.payload.token for event in canary.events()] == [slug, other, slug, slug, slug]


async def test_an_interface_refuses_in_json_whatever_the_method(start_canary: Start) -> None:
    canary = await start_canary()
    slug = canary.token(SlugKind.API).text
    for method in ("GET", "POST", "PUT"):
        head = f"{method} /{slug}/api HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        answer = await exchange(canary, head.encode())
        assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert b"Content-Type: application/json" in answer
    assert [event.payload.method for event in canary.events()] == ["GET", "POST", "PUT"]


async def test_a_link_scanner_is_marked(start_canary: Start) -> None:
    canary = await start_canary(scanner_networks=("10.9.0.0/16",), trusted_proxies=("127.0.0.0/8",))
    slug = canary.token().text
    await exchange(canary, get(f"/{slug}", "User-Agent: Slackbot 1.0"))
    await exchange(canary, get(f"/{slug}", "X-Forwarded-For: 10.9.1.1"))
    await exchange(canary, get(f"/{slug}", "X-Forwarded-For: 10.8.1.1"))
    assert [event.payload.scanner for event in canary.events()] == ["agent slackbot", "network 10.9.0.0/16", None]
    assert canary.ctx.counters.snapshot()["scanner_hits"] == 2
