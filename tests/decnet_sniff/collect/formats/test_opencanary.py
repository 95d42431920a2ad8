# SPDX-License-Identifier: MIT
"""What OpenCanary's lines become; the sample in `data/` was written by the real OpenCanary (see its README)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import (
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    PortScan,
    ServiceRequest,
    kind_of,
)
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_sniff.collect.formats import opencanary
from decnet_sniff.collect.formats.opencanary import parse
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected

SAMPLE = Path(__file__).parents[1] / "data" / "opencanary.json"


def line(logtype: object, logdata: object, **fields: Any) -> bytes:
    whole = {
        "dst_host": "198.51.100.1",
        "dst_port": 80,
        "local_time": "2026-11-23 10:20:30.123456",
        "logdata": logdata,
        "logtype": logtype,
        "node_id": "canary-7",
        "src_host": "192.0.2.7",
        "src_port": 4242,
        "utc_time": "2026-11-23 10:20:30.123456",
    }
    return json.dumps(whole | fields).encode()


def payloads(outcome: Outcome) -> tuple[Any, ...]:
    assert isinstance(outcome, Parsed), outcome
    return outcome.payloads


def test_every_line_of_the_real_sample_is_understood() -> None:
    outcomes = [parse(text) for text in SAMPLE.read_bytes().splitlines()]
    assert not [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    found = [outcome for outcome in outcomes if isinstance(outcome, Parsed)]
    assert {outcome.host for outcome in found} == {"canary-7"}
    assert {outcome.src[0] for outcome in found if outcome.src} == {"127.0.0.1"}
    everything = [payload for outcome in found for payload in outcome.payloads]
    logins = {(p.service, p.username, p.password) for p in everything if isinstance(p, LoginAttempt)}
    assert logins == {
        ("ftp", "anonymous", "mozilla@example.com"),
        ("http", "admin", "pass\0word"),
        ("httpproxy", "bob", "secret"),
        ("ssh", "pi", "raspberry"),
        ("telnet", "root", "xc3511"),
        ("mysql", "root", None),
    }
    assert {p.method for p in everything if isinstance(p, HttpRequest)} == {"GET", "POST", "DELETE"}
    assert ServiceRequest("redis", "KEYS", {"args": "*"}) in everything
    assert {kind_of(p) for p in everything} == {
        "connection.opened", "client.identified", "auth.attempt", "http.request", "service.request",
    }  # fmt: skip


def test_web_log_in_is_a_request_and_a_log_in() -> None:
    data = {"USERNAME": "a", "PASSWORD": "b", "PATH": "/login", "HOSTNAME": "h", "USERAGENT": "u", "SKIN": "s"}
    request, login = payloads(parse(line(3001, data)))
    assert (request.method, request.target, request.host, request.user_agent) == ("POST", "/login", "h", "u")
    assert login == LoginAttempt("http", "a", success=False, password="b")


def test_redis_auth_is_a_log_in() -> None:
    assert payloads(parse(line(17001, {"CMD": "auth", "ARGS": "bob s3cret"})))[1] == LoginAttempt(
        "redis", "bob", success=False, password="s3cret"
    )
    assert payloads(parse(line(17001, {"CMD": "AUTH", "ARGS": "s3cret"})))[1].password == "s3cret"


def test_answer_to_a_challenge_is_not_taken_for_a_password() -> None:
    login, request = payloads(parse(line(8001, {"USERNAME": "root", "PASSWORD": "0a0b"})))
    assert (login.password, request.detail) == (None, {"response": "0a0b"})
    hidden = {"VNC Password": "<Password was not in the common list>", "VNC Server Challenge": "aa"}
    login, request = payloads(parse(line(12001, hidden)))
    assert (login.password, request.detail) == (None, {"vnc server challenge": "aa"})
    assert payloads(parse(line(12001, {"VNC Password": "1234"})))[0].password == "1234"


def test_scan_names_technique_and_port() -> None:
    assert payloads(parse(line("5004", {"PROTO": "TCP"}, dst_port="8080"))) == (PortScan("xmas", (8080,)),)
    assert payloads(parse(line(5001, {}, dst_port=-1))) == (PortScan("syn"),)


def test_mongodb_tells_its_own_actions() -> None:
    assert payloads(parse(line(20001, {"action": "mongodb.connection"}))) == (ConnectionOpened("mongodb"),)
    tried = {"action": "mongodb.auth_attempt", "username": "u", "mechanism": "SCRAM-SHA-1"}
    assert payloads(parse(line(20001, tried)))[0].method == "SCRAM-SHA-1"
    query = {"action": "mongodb.command", "command": "listDatabases", "query": "{}"}
    assert payloads(parse(line(20001, query)))[0].action == "command"
    assert isinstance(parse(line(20001, {"action": "mongodb.disconnect"})), Ignored)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"nonsense", "not JSON"),
        (b"{}", "no logtype"),
        (line(None, {}), "no logtype"),
        (line(4711, {}), "unknown logtype"),
        (line(4000, {}, src_host=""), "src_host is not an IP address"),
        (line(4000, {}, utc_time="", local_time=None), "no valid utc_time"),
        (line(4000, "text"), "logdata is not an object"),
    ],
)
def test_what_cannot_be_understood_says_why(text: bytes, reason: str) -> None:
    outcome = parse(text)
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith(reason)


values = st.none() | st.integers() | st.floats() | st.text(max_size=2000) | st.lists(st.text(max_size=5), max_size=3)
keys = st.sampled_from(
    ["USERNAME", "PASSWORD", "PATH", "CMD", "ARGS", "action", "username", "mechanism", "VNC Password", "OPCODE", "x"]
)


@given(st.sampled_from(sorted(opencanary._LOGTYPES)), st.dictionaries(keys, values, max_size=6), values)
def test_any_values_give_valid_events_or_a_reason(logtype: int, data: dict[str, Any], odd: Any) -> None:
    outcome = parse(line(logtype, data, node_id=odd, src_port=odd, dst_host=odd, dst_port=odd))
    for payload in outcome.payloads if isinstance(outcome, Parsed) else ():
        assert isinstance(outcome, Parsed)
        assert outcome.src is not None
        event = Event(
            id=uuid7(0), ts=outcome.ts, sensor="s", payload=payload, decky=outcome.host, src_ip=outcome.src[0],
            src_port=outcome.src[1],
        )  # fmt: skip
        assert decode(encode(event)) == event


@given(st.binary(max_size=300))
def test_any_bytes_give_a_reason_at_worst(text: bytes) -> None:
    assert isinstance(parse(text), Ignored | Rejected)
