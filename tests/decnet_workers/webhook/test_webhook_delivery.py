# SPDX-License-Identifier: MIT
"""The worker against a real receiver; the verifier is the Standard Webhooks project's own library."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import standardwebhooks

from decnet_core.events.notices import CredentialCaptured, TestNotice
from decnet_core.exits import StartupError
from decnet_models.webhooks import queries
from decnet_workers.webhook.queues.transactions import BATCH

Start = Callable[..., Awaitable[Any]]


async def test_a_notice_arrives_signed(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    added = fleet.add(receiver.url)
    await start_webhook()
    evil = CredentialCaptured(1_700_000_000_123_456_789, "203.0.113.9", "ssh", 'root"\r\n\x1b[2J</script>', "\0')--")
    fleet.notice("k", evil)
    await fleet.until(lambda: fleet.states() == ["delivered"])
    (request,) = receiver.requests
    verified = standardwebhooks.Webhook(fleet.secret(added)).verify(request.body, request.headers)
    assert verified == json.loads(request.body)
    assert verified["type"] == "credential.captured"
    assert verified["timestamp"] == "2023-11-14T22:13:20.123456Z"
    assert verified["data"]["username"] == evil.username
    assert verified["data"]["password"] == evil.password
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == fleet.deliveries()[0].message_id


async def test_nothing_secret_is_in_the_database(fleet: Any, receiver: Any) -> None:
    added = fleet.add(receiver.url)
    content = (fleet.state / "decnet.db").read_bytes() + (fleet.state / "decnet.db-wal").read_bytes()
    assert added.id.encode() in content
    assert fleet.secret(added).encode() not in content
    assert base64.b64decode(fleet.secret(added).removeprefix("whsec_")) not in content


async def test_deliveries_of_an_endpoint_are_in_order_on_one_connection(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    fleet.add(receiver.url)
    await start_webhook()
    for number in range(40):
        fleet.notice(str(number))
    await fleet.until(lambda: fleet.states() == ["delivered"] * 40)
    attackers = [json.loads(request.body)["data"]["attacker"] for request in receiver.requests]
    assert attackers == [f"attacker {number}" for number in range(40)]
    assert receiver.connections == 1
    assert len(set(receiver.ids())) == 40


async def test_only_the_kinds_an_endpoint_names_and_only_from_then_on(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    fleet.notice("before")
    await start_webhook()
    fleet.add(receiver.url, kinds=("credential.*",))
    fleet.notice("other kind")
    fleet.notice("wanted", CredentialCaptured(1, "192.0.2.1", "ssh", "root"))
    await fleet.until(lambda: fleet.states() == ["delivered"])
    assert [json.loads(request.body)["type"] for request in receiver.requests] == ["credential.captured"]


async def test_a_test_notice_reaches_its_endpoint_only(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    first, _ = fleet.add(receiver.url, kinds=("ttp.*",)), fleet.add(receiver.url + "/other")
    await start_webhook()
    fleet.notice("test", TestNotice(1, first.id))
    await fleet.until(lambda: fleet.states() == ["delivered"])
    assert [(request.path, json.loads(request.body)["type"]) for request in receiver.requests] == [
        ("/hook", "webhook.test")
    ]


async def test_a_failed_delivery_is_repeated_with_the_same_id(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    fleet.add(receiver.url)
    receiver.answers = [500, 302, b"nonsense\r\n\r\n"]
    await start_webhook()
    fleet.notice()
    await fleet.until(lambda: fleet.states() == ["delivered"])
    assert len(receiver.requests) == 4
    assert len(set(receiver.ids())) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert fleet.deliveries()[0].attempts == 4


async def test_a_message_the_receiver_cannot_take_lets_the_next_one_pass(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    fleet.add(receiver.url)
    receiver.answers = [404]
    await start_webhook(first_retry_seconds=1000)
    fleet.notice("a")
    fleet.notice("b")
    await fleet.until(lambda: fleet.states() == ["pending", "delivered"])
    (first, _) = fleet.deliveries()
    assert (first.status, first.error) == (404, "answered 404")
    assert 790e9 < first.due_at - first.first_attempt_at < 1210e9


async def test_a_receiver_that_is_down_gets_everything_when_it_is_up_again(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    added = fleet.add(receiver.url)
    await receiver.stop()
    await start_webhook(breaker_failures=2, breaker_seconds=0.2, breaker_longest_seconds=0.2)
    for number in range(5):
        fleet.notice(str(number))
    await fleet.until(lambda: fleet.status(added.id).failures >= 3)
    status = fleet.status(added.id)
    assert status.pending == 5
    assert status.open_until > status.failing_since
    assert all("127.0.0.1: " in (delivery.error or "127.0.0.1: ") for delivery in fleet.deliveries())
    await receiver.start()
    await fleet.until(lambda: fleet.states() == ["delivered"] * 5)
    assert len(set(receiver.ids())) == 5
    after = fleet.status(added.id)
    assert (after.failures, after.failing_since, after.open_until) == (0, None, None)


async def test_a_delivery_that_is_never_taken_is_a_dead_letter_and_can_be_replayed(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    added = fleet.add(receiver.url)
    receiver.answers = [500] * 1000
    await start_webhook(give_up_seconds=0.2)
    fleet.notice()
    await fleet.until(lambda: fleet.states() == ["dead"])
    tried = len(receiver.requests)
    assert tried >= 2
    (letter,) = fleet.do(queries.deliveries, state=queries.DEAD)
    receiver.answers = []
    assert fleet.do(queries.request_replay, added.id, delivery_id=letter.id, now_ns=time.time_ns()) == 1
    await fleet.until(lambda: fleet.states() == ["delivered"])
    assert receiver.ids()[-1] == letter.message_id
    assert fleet.do(queries.request_replay, added.id, now_ns=time.time_ns()) == 0


async def test_gone_ends_an_endpoint_until_it_is_enabled(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    added = fleet.add(receiver.url)
    other = fleet.add(receiver.url + "/other")
    receiver.answers = []
    await start_webhook()

    async def gone(writer: asyncio.StreamWriter, _: int) -> None:
        status = 410 if receiver.requests[-1].path == "/hook" else 204
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())

    receiver.answers = [gone] * 2
    fleet.notice("a")
    await fleet.until(lambda: sorted(fleet.states()) == ["dead", "delivered"])
    assert fleet.status(added.id).gone_at is not None
    fleet.notice("b")
    await fleet.until(lambda: fleet.states().count("delivered") == 2)
    assert [found.webhook_id for found in fleet.deliveries()].count(added.id) == 1
    assert fleet.status(other.id).gone_at is None
    fleet.do(queries.enable_webhook, added.id, now_ns=time.time_ns())
    fleet.notice("c")
    await fleet.until(lambda: fleet.states().count("delivered") == 4)
    assert fleet.status(added.id).gone_at is None


async def test_retry_after_is_honoured(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    added = fleet.add(receiver.url)
    receiver.answers = [b"HTTP/1.1 429 X\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"]
    await start_webhook()
    fleet.notice("a")
    await fleet.until(lambda: fleet.deliveries() != [] and fleet.deliveries()[0].attempts == 1)
    fleet.notice("b")
    await fleet.until(lambda: len(fleet.deliveries()) == 2)
    status = fleet.status(added.id)
    assert 3590e9 < status.open_until - status.failing_since <= 3600e9
    assert fleet.deliveries()[0].due_at >= status.open_until - 1e9
    assert len(receiver.requests) == 1


async def test_a_receiver_that_drips_is_left_at_the_deadline(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    async def drip(writer: asyncio.StreamWriter, _: int) -> None:
        with suppress(ConnectionError):
            for byte in b"HTTP/1.1 204 No Content\r\n" + b"X: y\r\n" * 100:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)

    fleet.add(receiver.url)
    receiver.answers = [drip]
    await start_webhook(attempt_seconds=2)
    fleet.notice()
    await fleet.until(lambda: fleet.states() == ["delivered"])
    (delivery,) = fleet.deliveries()
    assert delivery.attempts == 2
    assert len(receiver.requests) == 2


async def test_an_endless_answer_is_not_read_to_its_end(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter, _: int) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        with suppress(ConnectionError):
            while sent < 1000_000_000:
                writer.write(b"x" * 65536)
                sent += 65536
                await writer.drain()

    fleet.add(receiver.url)
    receiver.answers = [flood]
    await start_webhook()
    fleet.notice("a")
    fleet.notice("b")
    await fleet.until(lambda: fleet.states() == ["delivered"] * 2)
    assert sent < 50_000_000
    assert receiver.connections == 2


async def test_a_kept_connection_that_died_costs_no_attempt(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    fleet.add(receiver.url)
    await start_webhook()
    fleet.notice("a")
    await fleet.until(lambda: fleet.states() == ["delivered"])
    await receiver.stop()
    await receiver.start()
    fleet.notice("b")
    await fleet.until(lambda: fleet.states() == ["delivered"] * 2)
    assert [delivery.attempts for delivery in fleet.deliveries()] == [1, 1]


async def test_a_removed_endpoint_receives_nothing_more(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    added, kept = fleet.add(receiver.url), fleet.add(receiver.url + "/kept")
    await start_webhook()
    assert fleet.do(queries.remove_webhook, added.id, now_ns=time.time_ns())
    assert not fleet.do(queries.remove_webhook, added.id, now_ns=time.time_ns())
    fleet.notice()
    await fleet.until(lambda: fleet.states() == ["delivered"])
    assert [request.path for request in receiver.requests] == ["/hook/kept"]
    assert [found.webhook.id for found in fleet.do(queries.webhooks)] == [kept.id]


async def test_a_private_address_is_refused_unless_the_operator_allows_it(
    fleet: Any, receiver: Any, start_webhook: Start
) -> None:
    fleet.add(f"https://127.0.0.1:{receiver.port}/", allow_private=False)
    await start_webhook()
    fleet.notice()
    await fleet.until(lambda: fleet.deliveries() != [] and fleet.deliveries()[0].attempts >= 1)
    assert "127.0.0.1 is loopback" in fleet.deliveries()[0].error
    assert receiver.connections == 0


async def test_a_new_secret_signs_from_then_on(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    added = fleet.add(receiver.url)
    assert fleet.do(queries.rotate_secret, added.id) == 2
    await start_webhook()
    fleet.notice()
    await fleet.until(lambda: fleet.states() == ["delivered"])
    (request,) = receiver.requests
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(fleet.secret(added)).verify(request.body, request.headers)
    secret = fleet.secret(fleet.status(added.id).webhook)
    standardwebhooks.Webhook(secret).verify(request.body, request.headers)


async def test_wrong_settings_are_startup_errors(start_webhook: Start) -> None:
    with pytest.raises(StartupError, match="allow_networks"):
        await start_webhook(allow_networks=("nonsense",))
    with pytest.raises(StartupError, match="ca_file"):
        await start_webhook(ca_file="/none/ca.pem")


async def test_endpoints_with_long_backlogs_take_turns(fleet: Any, receiver: Any, start_webhook: Start) -> None:
    for path in ("/one", "/two"):
        fleet.add(receiver.url + path)
    for number in range(BATCH + 5):
        fleet.notice(str(number))
    await start_webhook(concurrent_endpoints=1)
    await fleet.until(lambda: len(receiver.requests) == 2 * (BATCH + 5), 60)
    paths = [request.path for request in receiver.requests]
    assert len(set(paths[: 2 * BATCH])) == len(set(paths[2 * BATCH :])) == 2, "the second did not wait for the first"
    assert paths[:BATCH].count(paths[0]) == BATCH


@pytest.mark.parametrize("kills", [(5,), pytest.param((1, 4, 9, 16, 25), marks=pytest.mark.torture)])
async def test_killed_at_any_point_every_notice_arrives_and_is_recorded_once(
    fleet: Any, receiver: Any, kills: tuple[int, ...]
) -> None:
    """Real processes, killed while the receiver holds the answer back or has just given it."""
    fleet.add(receiver.url)
    for number in range(90):
        fleet.notice(str(number))
    known: list[tuple[int, set[str]]] = []
    environment = {
        **os.environ,
        "DECNET_STATE_DIR": str(fleet.state),
        "DECNET_WEBHOOK_FIRST_RETRY_SECONDS": "0.05",
        "DECNET_WEBHOOK_RETRY_FACTOR": "1",
    }

    async def start() -> asyncio.subprocess.Process:
        code = "import sys; from decnet_workers.webhook.worker import Webhook; sys.exit(Webhook.main())"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=environment, stderr=asyncio.subprocess.DEVNULL
        )

    for seen in kills:
        reached = asyncio.Event()

        async def hold(writer: asyncio.StreamWriter, _: int, reached: asyncio.Event = reached) -> None:
            if len(set(receiver.ids())) % 2:
                writer.write(b"HTTP/1.1 204 X\r\n\r\n")
            reached.set()
            await asyncio.sleep(0.05)

        receiver.answers = [204] * (seen - len(set(receiver.ids()))) + [hold]
        process = await start()
        await asyncio.wait_for(reached.wait(), 120)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        receiver.answers = []
        recorded = {each.message_id for each in fleet.deliveries() if each.state == "delivered"}
        known.append((len(receiver.requests), recorded))
    process = await start()
    await fleet.until(lambda: fleet.states() == ["delivered"] * 90)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 120) == 0
    assert len(set(receiver.ids())) == 90
    assert {delivery.message_id for delivery in fleet.deliveries()} == set(receiver.ids())
    for received, recorded in known:
        assert not recorded & set(receiver.ids()[received:]), "what is recorded is never sent again"
    assert len(receiver.ids()) <= 90 + BATCH * len(kills)
