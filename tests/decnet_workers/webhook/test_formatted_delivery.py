# SPDX-License-Identifier: MIT
"""The worker delivers in formats, with tokens, and keeps what receivers say; they are real, on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import standardwebhooks
from tests.decnet_workers.webhook.formats.notices import HOSTILE, MARKUP

from decnet_models.webhooks import queries
from decnet_workers.webhook.sealing import Secrets, seal

Start = Callable[..., Awaitable[Any]]


def add(fleet: Any, form: str, url: str, token: str = "", **options: str) -> queries.Webhook:
    """Add an endpoint as the operator's command does."""
    made = queries.Webhook(queries.new_id(), "shown", (), True, 1, 0, 1, 1, format=form, options=options)
    made = msgspec.structs.replace(made, sealed=seal(fleet.key, made.id, Secrets(url, token)))
    fleet.do(queries.insert_webhook, made)
    return made


async def test_a_receiver_gets_its_format_its_token_and_a_signature(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    added = add(fleet, "misp", receiver.url, "the-key")
    await start_webhook()
    fleet.notice("k", HOSTILE)
    await fleet.until(lambda: fleet.states() == ["delivered"])
    (request,) = receiver.requests
    assert request.path == "/hook/events/add"
    assert request.headers["authorization"] == "the-key"
    assert request.headers["accept"] == "application/json"
    assert "DECNET: T1059.004" in json.loads(request.body)["Event"]["info"]
    standardwebhooks.Webhook(fleet.secret(added)).verify(request.body, request.headers)


async def test_the_query_of_a_url_stays_behind_the_path_that_the_format_makes(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    """Such as that of an ingest pipeline of Elasticsearch."""
    add(fleet, "ecs", f"{receiver.url}?pipeline=geo")
    await start_webhook()
    fleet.notice("k", HOSTILE)
    await fleet.until(lambda: fleet.states() == ["delivered"])
    (request,) = receiver.requests
    assert re.fullmatch(r"/hook/_create/[^/?]+\?pipeline=geo", request.path)


async def test_tokens_and_secret_urls_are_not_in_the_database(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    add(fleet, "telegram", receiver.url, "123:secret-token", chat="-100")
    await start_webhook()
    fleet.notice("k", HOSTILE)
    await fleet.until(lambda: fleet.states() == ["delivered"])
    assert receiver.requests[0].path == "/hook/bot123:secret-token/sendMessage"
    assert json.loads(receiver.requests[0].body)["chat_id"] == "-100"
    content = (fleet.state / "decnet.db").read_bytes() + (fleet.state / "decnet.db-wal").read_bytes()
    assert b"secret-token" not in content
    assert receiver.url.encode() not in content


async def test_a_refused_message_is_a_dead_letter_with_the_reason_and_holds_up_no_other(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    added = fleet.add(receiver.url)
    receiver.answers = [b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\ninvalid_payload \0", 422, 413]
    await start_webhook(breaker_failures=1, breaker_seconds=1000.0)
    for number in range(5):
        fleet.notice(str(number))
    receiver.answers[0] = _closing(receiver.answers[0])
    await fleet.until(lambda: sorted(fleet.states()) == ["dead"] * 3 + ["delivered"] * 2)
    assert len(receiver.requests) == 5
    letters = {letter.status: letter for letter in fleet.do(queries.deliveries, state=queries.DEAD)}
    assert letters[400].answer == "invalid_payload \u2400"
    assert (letters[422].error, letters[422].answer, letters[422].attempts) == ("answered 422", None, 1)
    status = fleet.status(added.id)
    assert (status.failures, status.open_until, status.dead) == (0, None, 3)


async def test_a_page_that_is_answered_is_kept_as_text_and_no_redirect_is_followed(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    added = fleet.add(receiver.url)
    page = b"<html><script>alert(1)</script>\x1b[2J"
    receiver.answers = [
        _closing(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + page),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page),
        b"HTTP/1.1 302 Found\r\nLocation: %s/elsewhere\r\nContent-Length: 0\r\n\r\n" % receiver.url.encode(),
    ]
    await start_webhook(first_retry_seconds=1000.0)
    for number in range(3):
        fleet.notice(str(number))
    await fleet.until(
        lambda: sorted(fleet.states()) == ["dead", "delivered", "pending"] and len(receiver.requests) == 3
    )
    letters = {letter.status: letter for letter in fleet.do(queries.deliveries, webhook_id=added.id)}
    assert letters[400].answer == "<html><script>alert(1)</script>\x1b[2J", "as it came: who shows it escapes it"
    assert (letters[200].state, letters[200].answer) == ("delivered", None)
    await fleet.until(lambda: any(one.error == "answered 302" for one in fleet.do(queries.deliveries)))
    assert {one.path for one in receiver.requests} == {receiver.requests[0].path}


def _closing(answer: bytes) -> Callable[..., Awaitable[None]]:
    async def answer_and_close(writer: Any, _: int) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return answer_and_close


async def test_dead_letters_are_sent_in_the_format_that_the_endpoint_has_by_then(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    added = fleet.add(receiver.url)
    receiver.answers = [400]
    await start_webhook()
    fleet.notice("k", HOSTILE)
    await fleet.until(lambda: fleet.states() == ["dead"])
    assert fleet.do(queries.edit_webhook, msgspec.structs.replace(added, format="mattermost"))
    fleet.do(queries.request_replay, added.id, now_ns=1)
    await fleet.until(lambda: fleet.states() == ["delivered"])
    first, second = receiver.requests
    assert json.loads(first.body)["data"]["action"] == MARKUP
    assert list(json.loads(second.body)) == ["attachments"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_what_a_receiver_has_already_counts_as_delivered(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    add(fleet, "ecs", receiver.url)
    body = b'{"error":{"type":"version_conflict_engine_exception"}}'
    receiver.answers = [b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n" % len(body) + body]
    await start_webhook()
    fleet.notice("k", HOSTILE)
    await fleet.until(lambda: fleet.states() == ["delivered"])
    (delivery,) = fleet.deliveries()
    assert receiver.requests[0].path == f"/hook/_create/{delivery.message_id}"


async def test_an_endpoint_that_cannot_be_read_fails_with_the_reason(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    made = add(fleet, "slack", receiver.url)
    fleet.do(queries.edit_webhook, msgspec.structs.replace(made, sealed="AAAA"))
    await start_webhook()
    fleet.notice("k")
    await fleet.until(lambda: fleet.deliveries() != [] and fleet.deliveries()[0].attempts > 0)
    assert "decnet webhook edit" in fleet.deliveries()[0].error
    assert receiver.requests == []
