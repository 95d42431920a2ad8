# SPDX-License-Identifier: MIT
"""What attackers send to the canary, invented by hypothesis."""

from __future__ import annotations

import struct

import dns.message
import dns.rcode
import dns.zone
from hypothesis import example, given
from hypothesis import strategies as st

from decnet_core.canary import SlugKind, mint
from decnet_core.net.forwarded import client_address
from decnet_workers.canary.dns.wire import Query, Unanswerable, parse_query, refuse
from decnet_workers.canary.dns.zone import Zone, reply_to
from decnet_workers.canary.find import in_http, in_name
from decnet_workers.canary.requests import MAX_BODY_BYTES, MAX_HEAD_BYTES, Malformed, Request, Requests
from decnet_workers.canary.settings import CanarySettings

KEY = bytes(32)
ZONE = Zone("canary.test", CanarySettings().addresses(), 0, KEY)

PIECES = st.sampled_from(
    [b"GET ", b"POST ", b"/ ", b"/a/b", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r", b"\0", b"Host: x\r\n",
     b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n",
     b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"\r\n\r\n", b"hello", b"\xff\xfe", b": \r\n",
     b"a" * 9000]
)  # fmt: skip
TRAFFIC = st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=40).map(b"".join)


def everything(requests: Requests) -> list[Request | Malformed]:
    found: list[Request | Malformed] = []
    while (request := requests.next()) is not None:
        found.append(request)
        if isinstance(request, Malformed) or request.last:
            break
    return found


def first(data: bytes) -> Request | Malformed | None:
    requests = Requests()
    requests.feed(data)
    return requests.next()


@given(TRAFFIC)
def test_any_bytes_with_an_end_are_a_request_or_malformed(data: bytes) -> None:
    found = first(data + b"\n\n")
    if isinstance(found, Malformed):
        assert found.status == 400
    elif found is not None:
        assert found.head.method
        assert found.body_bytes is None or found.body_bytes >= 0


@given(TRAFFIC, st.integers(1, 2000))
@example(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1)
def test_requests_do_not_depend_on_how_bytes_are_split(data: bytes, size: int) -> None:
    whole, split = Requests(), Requests()
    whole.feed(data)
    expected = everything(whole)
    found: list[Request | Malformed] = []
    for at in range(0, len(data), size):
        if found and (isinstance(found[-1], Malformed) or found[-1].last):
            break
        split.feed(data[at : at + size])
        found += everything(split)
    comparable = [request for request in expected if isinstance(request, Request)]
    assert [request for request in found if isinstance(request, Request)] == comparable
    assert all(len(request.body) <= MAX_BODY_BYTES for request in comparable)


@given(st.binary(min_size=1, max_size=20))
def test_a_head_that_never_ends_is_refused(noise: bytes) -> None:
    requests = Requests()
    requests.feed(b"GET /" + noise.replace(b"\n", b"x") * (MAX_HEAD_BYTES // len(noise) + 1))
    refused = requests.next()
    assert isinstance(refused, Malformed)
    assert refused.status in {400, 414}


def test_smuggling_shapes_are_refused() -> None:
    for lines in (
        b"Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        b"Host: x\r\nContent-Length: 5\r\nContent-Length: 6",
        b"Host: x\r\nContent-Length: +5",
        b"Host: x\r\nHost: y",
        b"Host: x\r\n Folded: y",
        b"Host : x",
    ):
        assert isinstance(first(b"GET / HTTP/1.1\r\n" + lines + b"\r\n\r\n"), Malformed), lines


def test_header_order_and_case_are_kept() -> None:
    request = first(b"GET /a?b HTTP/1.1\r\nHOST: x\r\nuser-AGENT:  curl \r\nX: \xff\r\n\r\n")
    assert isinstance(request, Request)
    assert request.head.headers == (("HOST", "x"), ("user-AGENT", "curl"), ("X", "\\xff"))
    assert request.head.get("user-agent") == "curl"


@given(st.text(max_size=200), st.one_of(st.none(), st.text(max_size=80)))
def test_no_target_without_a_minted_slug_is_a_hit(target: str, host: str | None) -> None:
    assert in_http(KEY, target, host, "canary.test") is None


@given(st.sampled_from(list(SlugKind)), st.lists(st.text(st.characters(codec="ascii"), max_size=10), max_size=6))
def test_a_minted_slug_is_found_in_any_segment(kind: SlugKind, segments: list[str]) -> None:
    slug = mint(KEY, kind)
    before = [segment.replace("?", "") for segment in segments]
    assert in_http(KEY, "/".join(["", *before, slug.text.upper(), *segments]), None, "canary.test") == slug
    assert in_http(KEY, "/", f"{slug.text}.Canary.Test:80", "canary.test") == slug
    assert in_name(KEY, f"a.{slug.text}.canary.test", "canary.test.") == slug
    assert in_name(KEY, f"{slug.text}.example.test", "canary.test") is None


@given(st.binary(max_size=600))
@example(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c" * 100)
def test_any_message_is_a_query_or_unanswerable(message: bytes) -> None:
    query = parse_query(message)
    if isinstance(query, Unanswerable):
        response = refuse(query)
        assert response is None or len(response) == 12
    else:
        assert dns.message.from_wire(reply_to(query, ZONE).message).id == query.id


LABEL = st.binary(min_size=1, max_size=63)


@given(st.lists(LABEL, max_size=4), st.booleans(), st.integers(0, 65535), st.integers(0, 65535), st.booleans())
def test_every_well_formed_query_gets_a_well_formed_answer(
    labels: list[bytes], ours: bool, qtype: int, qclass: int, edns: bool
) -> None:
    name = b"".join(bytes([len(label)]) + label for label in labels) + (b"\x06canary\x04test" if ours else b"") + b"\0"
    option = b"\0\0\x29\x10\0\0\0\0\0\0\0" if edns else b""
    question = name + struct.pack("!2H", qtype, qclass)
    query = parse_query(struct.pack("!6H", 1, 0x0100, 1, 0, 0, int(edns)) + question + option)
    if len(name) > 255:
        assert isinstance(query, Unanswerable)
        return
    assert isinstance(query, Query)
    reply = reply_to(query, ZONE)
    parsed = dns.message.from_wire(reply.message)
    assert parsed.rcode() == reply.rcode
    assert reply.message[12 : 12 + len(question)] == question
    assert len(reply.message) <= 512
    assert parsed.edns == (0 if edns else -1)


@given(st.text(max_size=45), st.lists(st.text(max_size=100), max_size=5))
def test_any_forwarded_header_gives_an_address_that_fits_an_event(peer: str, headers: list[str]) -> None:
    proxies = CanarySettings(trusted_proxies=("0.0.0.0/0", "::/0")).proxies()
    assert len(client_address(peer, headers, proxies)) <= 45
