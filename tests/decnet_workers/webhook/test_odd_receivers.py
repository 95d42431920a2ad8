# SPDX-License-Identifier: MIT
"""Receivers that answer oddly, to every format that travels by HTTP: what is repeated, kept and told; its order."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.at_scale import at_scale
from tests.decnet_workers.webhook.test_formatted_delivery import add

from decnet_models.webhooks import queries
from decnet_workers.webhook.formats.registry import FORMATS, load

Start = Callable[..., Awaitable[Any]]
BY_HTTP = sorted(FORMATS.keys() - {"mail", "syslog", "cef"})
"""All that an http:// URL is given in practice."""
NOTICES = 4
TORN = "the connection was closed in the middle of an answer, or it was not HTTP"
PAGE = b"<html><body>Blocked by proxy</body></html>"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Odd(NamedTuple):
    """What a receiver answers to the first request of each endpoint, and what becomes of that delivery."""

    answer: bytes
    state: str
    """At last: `delivered` after a second attempt if there is an `error`, or `dead`."""
    error: str = ""
    """Of the first attempt."""
    kept: bytes = b""
    """How what is kept of the answer begins."""
    then: bytes = b""
    """Sent again and again after it, while the worker reads."""
    every_seconds: float = 0.0


def head(status: str, *fields: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status}", *fields, "", ""]).encode()


ODD = {
    "a page instead of JSON": Odd(
        head("200 OK", "Content-Type: text/html", f"Content-Length: {len(PAGE)}") + PAGE, "delivered"
    ),
    "a refusal by a page": Odd(head("400 Bad", f"Content-Length: {len(PAGE)}") + PAGE, "dead", "answered 400", PAGE),
    "a refusal of HTTP/1.0": Odd(head("400 Bad", version="1.0") + PAGE, "dead", "answered 400", PAGE),
    "a refusal cut short": Odd(head("422 No", "Content-Length: 900") + PAGE, "dead", "answered 422", PAGE),
    "a refusal without end": Odd(
        head("413 Big", "Transfer-Encoding: chunked"),
        "dead",
        "answered 413",
        b"z" * 2048,
        b"400\r\n" + b"z" * 1024 + b"\r\n",
    ),
    "a refusal by slow bytes": Odd(
        head("400 Bad", "Content-Length: 9000") + PAGE, "dead", "answered 400", PAGE, b".", 0.05
    ),
    "an error with a page": Odd(
        head("500 Oh", f"Content-Length: {len(PAGE)}") + PAGE, "delivered", "answered 500", PAGE
    ),
    "an error of HTTP/1.0": Odd(head("503 Oh", version="1.0") + PAGE, "delivered", "answered 503", PAGE),
    "a success of HTTP/1.0": Odd(head("200 OK", version="1.0") + PAGE, "delivered"),
    "a success cut short": Odd(head("200 OK", "Content-Length: 900") + b"o", "delivered"),
    "a success without end": Odd(head("200 OK", "Content-Length: 9000000"), "delivered", then=b"z" * 65536),
    "an address that has moved": Odd(
        head("301 Moved", "Location: /elsewhere", "Content-Length: 0"), "delivered", "answered 301"
    ),
    "another one": Odd(
        head("308 Moved", "Location: http://192.0.2.1/", "Content-Length: 0"), "delivered", "answered 308"
    ),
    "no permission": Odd(head("403 No", f"Content-Length: {len(PAGE)}") + PAGE, "delivered", "answered 403", PAGE),
    "no such page": Odd(head("404 No", f"Content-Length: {len(PAGE)}") + PAGE, "delivered", "answered 404", PAGE),
    "an end before the answer": Odd(b"", "delivered", "the connection was closed without an answer"),
    "an end within the head": Odd(b"HTTP/1.1 200 OK\r\nContent-", "delivered", TORN),
    "a line of another protocol": Odd(b"220 mail.example ESMTP\r\n", "delivered", TORN),
    "another protocol": Odd(b"220 mail.example\r\n\r\n", "delivered", "the answer was not HTTP"),
}


class OddReceiver:
    """Answers the first request to each path oddly and ends that connection, and all others well."""

    def __init__(self, odd: Odd) -> None:
        self.requests: list[tuple[str, str]] = []
        """Path and message id, in the order that they came."""
        self.port = 0
        self._odd = odd

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
                await reader.readexactly(int(fields["content-length"]))
                name = lines[0].split()[1].split("/")[1].partition("?")[0]
                first = all(name != seen for seen, _ in self.requests)
                self.requests.append((name, fields["webhook-id"]))
                writer.write(self._odd.answer if first else GOOD)
                while first and self._odd.then:
                    writer.write(self._odd.then)
                    await writer.drain()
                    await asyncio.sleep(self._odd.every_seconds)
                if first and b"Content-Length: 0" not in self._odd.answer:
                    break
        writer.close()


def added(fleet: Any, name: str, url: str) -> queries.Webhook:
    """Add an endpoint with all that its format needs."""
    form = load(name)
    options = {option: "-100" for option, meaning in form.options.items() if not meaning.startswith("optional")}
    return add(fleet, name, url, "token" if form.token else "", **options)


@pytest.fixture
async def odd_receiver(request: pytest.FixtureRequest) -> AsyncIterator[OddReceiver]:
    made = OddReceiver(ODD[request.param])
    server = await asyncio.start_server(made.serve, "127.0.0.1")
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@pytest.mark.parametrize("odd_receiver", at_scale(ODD, always=6), indirect=True)
async def test_every_format_outlives_an_odd_receiver(
    fleet: Any, odd_receiver: OddReceiver, start_webhook: Start, request: pytest.FixtureRequest
) -> None:
    odd = ODD[request.node.callspec.params["odd_receiver"]]
    url = f"http://127.0.0.1:{odd_receiver.port}"
    names = {added(fleet, form, f"{url}/{form}").id: form for form in BY_HTTP}
    for number in range(NOTICES):
        fleet.notice(str(number))
    told = dict[str, tuple[str | None, str | None]]()

    def settled() -> bool:
        for one in fleet.deliveries():
            if one.error is not None and one.attempts == 1:
                told.setdefault(names[one.webhook_id], (one.error, one.answer))
        states = [one.state for one in fleet.deliveries()]
        return len(states) == NOTICES * len(BY_HTTP) and "pending" not in states

    await start_webhook(attempt_seconds=2.0, first_retry_seconds=1.0, breaker_failures=1000)
    await fleet.until(settled)
    first = {form: [one for one in fleet.deliveries() if names[one.webhook_id] == form] for form in BY_HTTP}
    for form, deliveries in first.items():
        assert [one.state for one in deliveries] == [odd.state, *["delivered"] * (NOTICES - 1)], form
        order = [message for name, message in odd_receiver.requests if name == form]
        assert list(dict.fromkeys(order)) == [one.message_id for one in deliveries], form
        again = odd.state == "delivered" and bool(odd.error)
        assert (order.count(order[0]), len(order)) == (1 + again, NOTICES + again), form
        if odd.error:
            error, answer = told[form]
            assert error == odd.error, form
            assert (answer or "").encode().startswith(odd.kept), form
        else:
            assert form not in told
    assert len({name for name, _ in odd_receiver.requests}) == len(BY_HTTP), "no redirect was followed"


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Unavailable"])
@pytest.mark.parametrize(
    ("written", "seconds"),
    [("%a, %d %b %Y %H:%M:%S GMT", 3600), ("%A, %d-%b-%y %H:%M:%S GMT", 3600), ("%a %b %d %H:%M:%S %Y", 3600)],
)
async def test_every_format_waits_until_the_date_that_a_receiver_names(
    fleet: Any, start_webhook: Start, status: str, written: str, seconds: int
) -> None:
    """The three ways to write it (RFC 9110 §5.6.7)."""
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    receiver = OddReceiver(Odd(head(status, f"Retry-After: {at.strftime(written)}", "Content-Length: 0"), "pending"))
    with closing(await asyncio.start_server(receiver.serve, "127.0.0.1")) as server:  # its end waits for idle clients
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        names = {added(fleet, form, f"{url}/{form}").id: form for form in BY_HTTP}
        fleet.notice("0")
        fleet.notice("1")
        await start_webhook(breaker_failures=1000)
        await fleet.until(lambda: sum(one.attempts for one in fleet.deliveries()) >= len(names))
        for one in fleet.deliveries():
            if one.attempts:
                assert (one.state, one.error) == ("pending", f"answered {status[:3]}")
        for webhook_id, form in names.items():
            left = fleet.status(webhook_id).open_until / 1e9 - at.timestamp()
            assert -2 < left < 2, form
        assert len(receiver.requests) == len(names), "the second notice waits, too"


async def test_a_receiver_without_tls_or_with_a_foreign_certificate_is_named_as_what_it_is(
    fleet: Any, start_webhook: Start, certificate: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    foreign = OddReceiver(Odd(GOOD, ""))

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.write(head("400 Bad Request", "Content-Length: 0"))
        writer.close()

    async with (
        await asyncio.start_server(plain, "127.0.0.1") as first,
        await asyncio.start_server(foreign.serve, "127.0.0.1", ssl=tls) as second,
    ):
        ports = [server.sockets[0].getsockname()[1] for server in (first, second)]
        ids = [added(fleet, "slack", f"https://127.0.0.1:{port}/x").id for port in ports]
        fleet.notice()
        await start_webhook(first_retry_seconds=1000.0)
        await fleet.until(lambda: [one.attempts for one in fleet.deliveries()] == [1, 1])
        errors = {one.webhook_id: one.error for one in fleet.deliveries()}
    assert foreign.requests == []
    assert errors[ids[1]] == "127.0.0.1: TLS failed: self-signed certificate"
    assert errors[ids[0]] == "127.0.0.1: TLS failed: it does not speak TLS on this port (WRONG_VERSION_NUMBER)"
