# SPDX-License-Identifier: MIT
"""An event goes through a syslog message unchanged, whatever it holds; and its header is what RFC 5424 asks for."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import CommandRun
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.syslog import Message, parse
from decnet_swarm.message import event_line, for_anyone, of_event
from decnet_swarm.wire import Farewell, Hello, Mark, Ping, SpoolPosition, Stored, Welcome, from_forwarder, from_listener
from decnet_swarm.wire import encode as say

# RFC 5424 §6, the header alone
HEADER = re.compile(
    rb"<(?:0|[1-9]\d?|1[0-8]\d|19[01])>1 "
    rb"\d{4}-(?:0\d|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{1,6}Z "
    rb"[!-~]{1,255} [!-~]{1,48} - [!-~]{1,32} - "
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=255)
events = st.builds(
    lambda number, ts, sensor, command: Event(
        id=UUID(int=number), ts=ts, sensor=sensor, payload=CommandRun(service="ssh", command=command)
    ),
    st.integers(0, 2**128 - 1),
    st.integers(0, 2**63 - 1),
    names,
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(events)
def test_any_event_comes_back_and_has_a_valid_header(event: Event) -> None:
    line = encode(event)
    message = of_event(event, line)
    header = HEADER.match(message)
    assert header is not None
    assert message[header.end() :] == line
    assert event_line(message) == line


@given(events)
def test_other_syslog_readers_find_the_event_in_the_message(event: Event) -> None:
    line = for_anyone(encode(event))
    found = parse(of_event(event, line), 0, limit=1 << 21)
    assert isinstance(found, Message)
    assert (found.app, found.message_id, found.facility, found.severity) == ("decnet", "session.command", 16, 5)
    assert decode(found.message.encode()) == event
    assert not re.search(rb"[\x00-\x1f\x7f]", line)


def test_header_keeps_microseconds() -> None:
    event = Event(id=UUID(int=1), ts=1_795_429_230_123_456_789, sensor="a b/é", payload=CommandRun("ssh", "w"))
    assert of_event(event, b"{}") == b"<133>1 2026-11-23T10:20:30.123456Z a_b/_ decnet - session.command - {}"


@given(st.binary(max_size=300))
def test_any_other_bytes_hold_no_event(content: bytes) -> None:
    line = event_line(content)
    assert line is None or content.endswith(line)


CONTROLS = [
    Hello("1"),
    Mark("decoys", 1, 2, "ab"),
    Ping(),
    Welcome(1 << 20, {"decoys": SpoolPosition(3, 4, "x")}),
    Stored(7),
    Farewell("why"),
]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: type(c).__name__)
def test_words_of_the_protocol_come_back(control: Hello) -> None:
    content = say(control)
    assert control in (from_forwarder(content), from_listener(content))


@pytest.mark.parametrize(
    "content",
    [
        b'{"say":"mark","spool":"../x","segment":1,"offset":2}',
        b'{"say":"mark","spool":"a","segment":-1,"offset":2}',
        b'{"say":"mark","spool":"a","segment":1e99,"offset":2}',
        b'{"say":"mark","spool":"' + b"a" * 65 + b'","segment":1,"offset":2}',
        b'{"say":"stored","marks":-1}',
        b'{"say":"welcome","window_bytes":0}',
        b'{"say":"nothing"}',
        b"[" * 100_000,
        b'{"say":"ping"',
        b"\xff",
    ],
)
def test_words_that_are_none_are_told_from_those_that_are(content: bytes) -> None:
    assert from_forwarder(content) is None
    assert from_listener(content) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_word_or_none(content: bytes) -> None:
    from_forwarder(content)
    from_listener(content)


def test_later_version_may_say_more() -> None:
    assert from_listener(b'{"say":"stored","marks":3,"and":"more"}') == Stored(3)
