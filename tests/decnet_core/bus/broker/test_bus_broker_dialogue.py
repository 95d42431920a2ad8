# SPDX-License-Identifier: MIT
"""The broker word by word: the NATS client protocol as its documentation has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.settings import BusSettings

StartBroker = Callable[..., Awaitable[Broker]]
OpenWire = Callable[..., Awaitable[Any]]

HEADER = b"NATS/1.0\r\nA: b\r\n\r\n"


async def test_the_broker_greets_first(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker(), None)
    info = await connection.info()
    assert info.headers
    assert (info.proto, info.max_payload, info.auth_required) == (1, 1_048_576, False)
    assert info.server_id


async def test_a_message_goes_to_its_subscriptions(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker())
    await connection.say(b"SUB a.* 1\r\nSUB a.b 2\r\nSUB b 3\r\nPUB a.b 2\r\nhi\r\nPUB a.c back 0\r\n\r\n")
    heard = (await connection.heard()).splitlines()
    assert sorted(heard[:4]) == [b"MSG a.b 1 2", b"MSG a.b 2 2", b"hi", b"hi"]
    assert heard[4:] == [b"MSG a.c 1 back 0", b""]


async def test_ping_is_answered(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker())
    await connection.say(b"ping\r\n")
    await connection.hear(b"PONG\r\n")


async def test_verbose_clients_receive_ok(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker(), None)
    await connection.info()
    await connection.say(b"CONNECT {}\r\nSUB a 1\r\nPUB a 0\r\n\r\nUNSUB 1\r\n")
    await connection.hear(b"+OK\r\n+OK\r\n+OK\r\nMSG a 1 0\r\n\r\n+OK\r\n")


async def test_pedantic_clients_get_errors_for_bad_subjects(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    connection = await wire(broker, '{"pedantic": true}')
    await connection.say(b"PUB a..b 0\r\n\r\nPUB a.* 0\r\n\r\n")
    await connection.hear(b"-ERR 'Invalid Publish Subject'\r\n" * 2)
    assert broker.counters()["refused"] == 0
    assert broker.counters()["unrouted"] == 2


async def test_a_bad_pattern_is_refused_and_the_connection_lives(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker())
    await connection.say(b"SUB a..b 1\r\nSUB >.a 2\r\n")
    await connection.hear(b"-ERR 'Invalid Subject'\r\n" * 2)
    await connection.silent()


async def test_unsubscribing_at_once_and_after_a_number(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    connection = await wire(broker)
    await connection.say(b"SUB a 1\r\nSUB a 2\r\nSUB a 3\r\nUNSUB 1\r\nUNSUB 2 2\r\nUNSUB 9\r\n")
    await connection.say(b"PUB a 1\r\nx\r\n" * 3)
    await connection.hear((b"MSG a 2 1\r\nx\r\nMSG a 3 1\r\nx\r\n") * 2 + b"MSG a 3 1\r\nx\r\n")
    await connection.say(b"UNSUB 3 2\r\nPUB a 0\r\n\r\n")
    await connection.silent()
    assert broker.counters()["subscriptions"] == 0


async def test_a_subscription_id_is_used_once(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker())
    await connection.say(b"SUB a 1\r\nSUB b 1\r\nPUB a 0\r\n\r\nPUB b 0\r\n\r\n")
    await connection.hear(b"MSG a 1 0\r\n\r\n")
    await connection.silent()


async def test_without_echo_a_client_does_not_receive_its_own_messages(
    start_broker: StartBroker, wire: OpenWire
) -> None:
    broker = await start_broker()
    deaf, other = await wire(broker, '{"echo": false}'), await wire(broker)
    await other.say(b"SUB a q 1\r\n")
    await other.silent()
    await deaf.say(b"SUB a 1\r\nSUB a q 2\r\nPUB a 0\r\n\r\n")
    await deaf.silent()
    await other.hear(b"MSG a 1 0\r\n\r\n")


async def test_headers_are_relayed_to_who_understands_them(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    modern, plain = await wire(broker, '{"headers": true}'), await wire(broker)
    await plain.say(b"SUB a 1\r\n")
    await plain.silent()
    await modern.say(b"SUB a 1\r\nHPUB a back %d %d\r\n%bhi\r\n" % (len(HEADER), len(HEADER) + 2, HEADER))
    await modern.hear(b"HMSG a 1 back %d %d\r\n%bhi\r\n" % (len(HEADER), len(HEADER) + 2, HEADER))
    await plain.hear(b"MSG a 1 back 2\r\nhi\r\n")


async def test_headers_need_to_be_announced(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker())
    await connection.say(b"HPUB a %d %d\r\n%b\r\n" % (len(HEADER), len(HEADER), HEADER))
    assert await connection.rest() == b"-ERR 'Message Headers Not Supported'\r\n"


async def test_a_request_without_responder_fails_at_once(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    connection = await wire(broker, '{"headers": true, "no_responders": true}')
    await connection.say(b"SUB _INBOX.me.* 1\r\nPUB nobody _INBOX.me.7 0\r\n\r\n")
    await connection.hear(b"HMSG _INBOX.me.7 1 38 38\r\nNATS/1.0 503\r\nNats-Subject: nobody\r\n\r\n\r\n")
    silent = await wire(broker, '{"headers": true}')
    await silent.say(b"SUB _INBOX.me.* 1\r\nPUB nobody _INBOX.me.7 0\r\n\r\n")
    await silent.silent()


async def test_no_responders_needs_headers(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker(), '{"no_responders": true}')
    assert await connection.rest() == b"-ERR 'No Responders Requires Headers Support'\r\n"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"GET / HTTP/1.1\r\n", "Unknown Protocol Operation"),
        (b"PUB a 1048577\r\n", "Maximum Payload Violation"),
        (b"PUB a 2147483648\r\n", "Maximum Payload Violation"),
        (b"PUB a 3\r\nabcd\r\n", "Parser Error"),
        (b"SUB " + b"a" * 4110 + b" 1\r\n", "Maximum Control Line Exceeded"),
        (b"CONNECT {]\r\n", "Parser Error"),
    ],
)
async def test_what_is_not_the_protocol_ends_that_connection_only(
    start_broker: StartBroker, wire: OpenWire, said: bytes, answer: str
) -> None:
    broker = await start_broker()
    other, wrong = await wire(broker), await wire(broker)
    await wrong.say(said)
    assert await wrong.rest() == f"-ERR '{answer}'\r\n".encode()
    await other.silent()
    assert broker.counters()["errors"] == 1


async def test_nothing_is_handled_after_an_error(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    listener, wrong = await wire(broker), await wire(broker)
    await listener.say(b"SUB a 1\r\n")
    await listener.silent()
    await wrong.say(b"HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\nPUB a 0\r\n\r\n")
    await wrong.rest()
    await listener.silent()


async def test_the_smallest_payload_limit_is_kept(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(max_payload_bytes=1024))
    connection = await wire(broker, None)
    assert (await connection.info()).max_payload == 1024
    await connection.say(b'CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 1024\r\n' + bytes(1024) + b"\r\n")
    await connection.hear(b"MSG a 1 1024\r\n" + bytes(1024) + b"\r\n")
    await connection.say(b"PUB a 1025\r\n")
    assert await connection.rest() == b"-ERR 'Maximum Payload Violation'\r\n"


async def test_a_subject_of_any_bytes_is_relayed_as_it_is(start_broker: StartBroker, wire: OpenWire) -> None:
    connection = await wire(await start_broker())
    await connection.say(b"SUB > 1\r\nPUB a.\xff\xfe 0\r\n\r\n")
    await connection.hear(b"MSG a.\xff\xfe 1 0\r\n\r\n")


async def test_what_one_client_leaves_is_gone(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    stays, leaves = await wire(broker), await wire(broker)
    await leaves.say(b"SUB a 1\r\nSUB b q 2\r\n")
    await leaves.silent()
    assert broker.counters()["subscriptions"] == 2
    leaves.close()
    while broker.counters()["connections"] > 1:
        await stays.silent()
    assert broker.counters()["subscriptions"] == 0
