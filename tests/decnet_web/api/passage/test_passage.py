# SPDX-License-Identifier: MIT
"""What every request passes: odd requests, bodies, ETags, headers and rates, on routes that the test adds."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import Response
from tests.decnet_web.api.hosting.longest_turn import MOST_SECONDS, watched_turns
from tests.decnet_web.api.served import Served, serving

from decnet_web.api.accounts import cookies
from decnet_web.api.dependencies import Admin, Viewer
from decnet_web.api.models import Asked
from decnet_web.api.passage.bodies import STRANGERS_BYTES
from decnet_web.api.passage.clients import Clients
from decnet_web.api.passage.headers import Headers
from decnet_web.api.passage.rates import MOST_BUCKETS, Rates, site_of
from decnet_web.api.problems import Problem
from decnet_web.api.settings import ApiSettings, trusted_networks

router = APIRouter(prefix="/api/v1/test")
notes: dict[str, str] = {}


class Note(Asked):
    """A note, for the test."""

    text: str
    """What it says."""


@router.get("/notes/{name}")
async def show_note(name: str, _viewer: Viewer) -> dict[str, str]:
    """Show a note."""
    return {"name": name, "text": notes.get(name, "")}


@router.put("/notes/{name}")
async def change_note(name: str, note: Note, _admin: Admin) -> dict[str, str]:
    """Change a note."""
    notes[name] = note.text
    return {"name": name, "text": note.text}


@router.get("/defect")
async def fail(_viewer: Viewer) -> None:
    """Fail with a text that nobody outside should see."""
    raise RuntimeError("internal secret")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = ApiSettings(max_body=2048, max_depth=8)
    with serving(tmp_path_factory.mktemp("fleet"), settings) as served:
        served.application.include_router(router)
        yield served


@pytest.fixture(scope="module")
def unbounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        served.application.include_router(router)
        yield served


def is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/test/notes/%00",
        "/api/v1/test/notes/%ff",
        "/api/v1/test/notes/a?q=%0d%0aX:1",
        "/api/v1/test/notes/a?q=%c3",
        "/api/v1/test%2Fnotes/a",
        "/api/v1/test/notes/..%2fdefect",
    ],
)
async def test_text_that_no_name_contains_is_refused(served: Served, target: str) -> None:
    async with served.client("viewer") as client:
        is_problem(await client.get(target), 400)


async def test_a_header_that_decides_comes_once(served: Served) -> None:
    async with served.client("viewer") as client:
        request = client.build_request("GET", "/api/v1/test/notes/a")
        request.headers = httpx.Headers([*request.headers.multi_items(), ("Authorization", "Bearer x")])
        is_problem(await client.send(request), 400)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"text": "' + b"a" * 3000 + b'"}', "application/json", 413),
        (b'{"text": "a"', "application/json", 400),
        (b'{"text": NaN}', "application/json", 400),
        (b'{"text": 1e999}', "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b'{"text": "\xff"}', "application/json", 400),
        (b'{"text": "a", "text": "b"}', "application/json", 400),
        (b'{"text": "a", "\\u0074ext": "b"}', "application/json", 400),
        (b'{"text": "\\u0000"}', "application/json", 422),
        (b'{"text": ' + b"[" * 9 + b"]" * 9 + b"}", "application/json", 422),
        (b'{"text": ' + b"9" * 1500 + b"}", "application/json", 422),
        (b'{"text": "a", "more": 1}', "application/json", 422),
        (b'{"text": "a"}', "text/plain", 415),
        (b"text=a", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 422),
    ],
)
async def test_bad_bodies(served: Served, body: bytes, kind: str, status: int) -> None:
    before = dict(notes)
    async with served.client("admin") as client:
        is_problem(await client.put("/api/v1/test/notes/a", content=body, headers={"Content-Type": kind}), status)
    assert notes == before


async def test_a_body_that_is_wrong_is_told_what_is_wrong_with_it(served: Served) -> None:
    """Of a compressed one, its bytes are no JSON; of half a surrogate pair, msgspec says that the input ends early."""
    before = dict(notes)
    async with served.client("admin") as client:
        packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await client.put("/api/v1/test/notes/a", content=gzip.compress(b'{"text": "a"}'), headers=packed)
        is_problem(answer, 415)
        assert "Content-Encoding" in answer.json()["detail"]
        plain = {"Content-Type": "application/json", "Content-Encoding": "identity"}
        half = await client.put("/api/v1/test/notes/a", content=b'{"text": "\\ud800"}', headers=plain)
        is_problem(half, 400)
        assert "surrogate" in half.json()["detail"]
    assert notes == before


async def test_nesting_that_never_ends_is_refused(served: Served) -> None:
    """As no JSON or as nested too deep, by how deep the Python that runs it looks."""
    async with served.client("admin") as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.put("/api/v1/test/notes/a", content=b"[" * 2000, headers=headers)
    assert answer.status_code in (400, 422)


async def test_a_body_of_unknown_length_is_bounded(served: Served) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"a" * 500

    async with served.client("admin") as client:
        headers = {"Content-Type": "application/json"}
        is_problem(await client.put("/api/v1/test/notes/a", content=parts(), headers=headers), 413)


async def test_a_long_answer_is_sent_in_parts() -> None:
    """So that what waits for a client that does not read is not all of it."""
    sent = list[MutableMapping[str, Any]]()
    content = bytes(range(256)) * 1000

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await Response(content)(scope, receive, send)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    await Headers(answer)({"type": "http", "method": "GET", "headers": []}, receive, send)
    assert b"".join(message["body"] for message in sent[1:]) == content
    assert max(len(message["body"]) for message in sent[1:]) <= 65_536
    assert [message["more_body"] for message in sent[1:]] == [True] * 3 + [False]


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_strangers_body_is_short(unbounded: Served, chunked: bool) -> None:
    """A mebibyte of empty lists took a quarter of a second of the loop, before anybody had logged in."""
    long, short = b'{"text": "%b"}' % (b"a" * STRANGERS_BYTES), b'{"text": "%b"}' % (b"a" * 16_000)
    admin = {"Authorization": f"Bearer {unbounded.tokens['admin']}"}
    for headers, body, status in (
        ({}, long, 413),
        ({}, short, 401),
        ({"Authorization": "Bearer unknown"}, long, 413),
        ({"Cookie": f"{cookies.NAME}={'a' * 43}"}, long, 413),
        (admin, long, 200),
    ):
        async with unbounded.client() as client:
            given = {**headers, "Content-Type": "application/json"}
            content = chunks(body) if chunked else body
            answer = await client.put("/api/v1/test/notes/a", content=content, headers=given)
            assert answer.status_code == status, (headers, answer.text)


@pytest.mark.parametrize(
    "body", [b"[" + b"[]," * 6000 + b"[]", b"{%b}" % b",".join(b'"%x":0' % n for n in range(1700))]
)
async def test_no_body_of_a_stranger_holds_the_loop(unbounded: Served, body: bytes) -> None:
    assert len(body) > STRANGERS_BYTES / 2
    headers = {"Content-Type": "application/json"}
    async with unbounded.client() as client:
        for _ in range(2):  # what is imported at the first is none of a stranger's
            with watched_turns() as longest:
                asked = client.post("/api/v1/session", content=body, headers=headers)
                answer = await asyncio.create_task(asked)  # whose turns are measured, unlike those of the test's own
    assert answer.status_code in (400, 413, 422)
    assert longest.seconds < MOST_SECONDS, longest.whose


async def test_what_was_sent_is_not_repeated(served: Served) -> None:
    async with served.client("admin") as client:
        answer = await client.put("/api/v1/test/notes/a", json={"text": {"password": "hunter2"}})
    is_problem(answer, 422)
    assert "hunter2" not in answer.text


async def test_a_defect_shows_a_number_and_no_traceback(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    async with served.client("viewer") as client:
        answer = await client.get("/api/v1/test/defect")
    is_problem(answer, 500)
    assert "secret" not in answer.text
    assert answer.json()["error_id"] in caplog.text
    assert "internal secret" in caplog.text


async def test_what_has_not_changed_is_not_sent_again(served: Served) -> None:
    notes["etag"] = "first"
    async with served.client("viewer") as client:
        first = await client.get("/api/v1/test/notes/etag")
        again = await client.get("/api/v1/test/notes/etag", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        forged = await client.get("/api/v1/test/notes/etag", headers={"If-None-Match": '"' + "0" * 32 + '"'})
        assert forged.status_code == 200
        notes["etag"] = "second"
        changed = await client.get("/api/v1/test/notes/etag", headers={"If-None-Match": first.headers["etag"]})
        assert changed.json()["text"] == "second"
        head = await client.head("/api/v1/test/notes/etag")
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", changed.headers["etag"])


async def test_a_write_can_require_what_it_was_made_from(served: Served) -> None:
    notes["match"] = "first"
    async with served.client("admin") as client:
        tag = (await client.get("/api/v1/test/notes/match")).headers["etag"]
        mine = await client.put("/api/v1/test/notes/match", json={"text": "mine"}, headers={"If-Match": tag})
        assert mine.status_code == 200
        theirs = await client.put("/api/v1/test/notes/match", json={"text": "theirs"}, headers={"If-Match": tag})
        is_problem(theirs, 412)
        assert notes["match"] == "mine"


async def test_answers_are_safe_to_open_in_a_browser(served: Served) -> None:
    async with served.client() as client:
        answer = await client.get("/api/v1/test/notes/a")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["date"].endswith("GMT")


def test_a_bucket_fills_again() -> None:
    now = 0.0
    rates = Rates(2, 3, clock=lambda: now)
    for _ in range(3):
        rates.take("a")
    with pytest.raises(Problem) as refused:
        rates.take("a")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    rates.take("b")
    now = 0.5
    rates.take("a")
    with pytest.raises(Problem):
        rates.take("a")


def test_the_number_of_buckets_is_bounded() -> None:
    rates = Rates(1, 1, clock=lambda: 0.0)
    for number in range(MOST_BUCKETS + 10):
        rates.take(str(number))
    assert len(rates) == MOST_BUCKETS


def test_addresses_of_one_site_share_a_bucket() -> None:
    assert site_of("2001:db8::1") == site_of("2001:db8::ffff:1") != site_of("2001:db8:0:1::1")
    assert site_of("192.0.2.1") != site_of("192.0.2.2")


async def test_an_address_is_limited_before_it_has_logged_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("limited"), ApiSettings(requests_per_second=0.1, request_burst=2)) as served:
        async with served.client() as client:
            statuses = [(await client.get("/api/v1/unknown")).status_code for _ in range(4)]
    assert statuses == [404, 404, 429, 429]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (None, "", "local"),
        (None, "203.0.113.5", "203.0.113.5"),
        (None, "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        (None, "203.0.113.5, 10.0.0.7", "203.0.113.5"),
        (None, "nonsense", "local"),
        (None, "203.0.113.5, nonsense", "local"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("192.0.2.1", "203.0.113.5", "192.0.2.1"),
        ("192.0.2.1", "", "192.0.2.1"),
    ],
)
async def test_only_trusted_proxies_say_who_the_client_is(peer: str | None, forwarded: str, client: str) -> None:
    found: dict[str, Any] = {}

    async def app(scope: MutableMapping[str, Any], receive: object, send: object) -> None:
        found.update(scope)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError

    async def send(_message: MutableMapping[str, Any]) -> None:
        raise AssertionError

    networks = trusted_networks(ApiSettings(forwarded_allow=["10.0.0.0/8"]))
    scope: dict[str, Any] = {
        "type": "http",
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded else [],
        "scheme": "http",
    }
    await Clients(app, networks)(scope, receive, send)
    assert found["client"][0] == client
