# SPDX-License-Identifier: MIT
from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import (
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ServiceRequest,
    SyslogMessage,
)
from decnet_workers.ttp.sigma.expression import Expressions

Matches = Callable[..., bool]
REQUEST = HttpRequest(
    method="GET", target="/A?x=1", status=404, headers=(("Host", "h"), ("X-Api", "One"), ("x-api", "Two"))
)
LOGIN = LoginAttempt(service="ssh", username="root", password="", success=False)


@pytest.mark.parametrize(
    ("selection", "command", "expected"),
    [
        ("command: 'WHOAMI'", "whoami", True),
        ("command: 'whoami'", "whoami -x", False),
        ("command|contains: 'TMP'", "cd /tmp", True),
        ("command|startswith: 'cd '", "CD /tmp", True),
        ("command|endswith: [x, tmp]", "cd /tmp", True),
        ("command|cased|contains: 'TMP'", "cd /tmp", False),
        ("command|contains|cased: 'tmp'", "cd /tmp", True),
        ("command|contains|all: [wget, chmod]", "wget x; chmod y", True),
        ("command|contains|all: [wget, chmod]", "wget x", False),
        ("command: 'wget *://*'", "wget http://x", True),
        ("command: 'wget \\*'", "wget *", True),
        ("command: 'wget \\*'", "wget x", False),
        ("command|re: '^ls$'", "ls", True),
        ("command|re: '^LS$'", "ls", False),
        ("command|re|i: '^LS$'", "ls", True),
        ("command|re|m: '^ls$'", "cd\nls", True),
        ("command|re|s: 'a.b'", "a\nb", True),
        ("command|re: 'a.b'", "a\nb", False),
        ("command|exists: true", "", True),
        ("command|exists: false", "", False),
        ("command: null", "", False),
        ("command: ''", "", True),
        ("command|base64: 'ls -la'", base64.b64encode(b"ls -la").decode(), True),
        ("src_ip|cidr: 192.0.2.0/24", "x", True),
        ("src_ip|cidr: ['10.0.0.0/8', '2001:db8::/32']", "x", False),
        ("src_ip: '192.0.2.*'", "x", True),
        ("known: true", "x", True),
        ("known: false", "x", False),
        ("src_port: null", "x", True),
        ("ts|gte: 1000000000", "x", True),
        ("ts|lt: 1000000000", "x", False),
        ("synthetic: false", "x", True),
    ],
)
def test_modifier_on_a_command(matches: Matches, selection: str, command: str, expected: bool) -> None:
    assert matches(f"sel:\n  {selection}\ncondition: sel", command) is expected


@pytest.mark.parametrize(
    ("selection", "payload", "category", "expected"),
    [
        ("status: 404", REQUEST, "http.request", True),
        ("status|gt: 403", REQUEST, "http.request", True),
        ("status|lte: 403", REQUEST, "http.request", False),
        ("body: null", REQUEST, "http.request", True),
        ("headers: 'X-Api: one'", REQUEST, "http.request", True),
        ("headers.X-API: two", REQUEST, "http.request", True),
        ("headers.X-API|all: [one, two]", REQUEST, "http.request", True),
        ("headers.X-API: three", REQUEST, "http.request", False),
        ("headers.Cookie|exists: false", REQUEST, "http.request", True),
        ("password: ''", LOGIN, "auth.attempt", True),
        ("public_key: null", LOGIN, "auth.attempt", True),
        ("ports: 23", PortScan(technique="syn", ports=(22, 23)), "scan.detected", True),
        ("ports|gt: 23", PortScan(technique="syn", ports=(22, 23)), "scan.detected", False),
        ("ports: null", PortScan(technique="syn"), "scan.detected", True),
        ("detail.path: /x", ServiceRequest(service="s", action="a", detail={"path": "/x"}), "service.request", True),
        ("detail: 'path=/X'", ServiceRequest(service="s", action="a", detail={"path": "/x"}), "service.request", True),
        (
            "structured.origin.ip: '192.0.2.9'",
            SyslogMessage(facility=1, severity=1, message="m", structured={"origin": {"ip": "192.0.2.9"}}),
            "syslog.message",
            True,
        ),
    ],
)
def test_modifier_on_other_shapes_of_fields(
    matches: Matches, selection: str, payload: Payload, category: str, expected: bool
) -> None:
    assert matches(f"sel:\n  {selection}\ncondition: sel", payload, category) is expected


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ("words: [jndi, api]\ncondition: words", True),
        ("words: [jndi, ldap]\ncondition: words", False),
        ("words:\n  '|all': [x-api, one, /a]\ncondition: words", True),
        ("words:\n  '|all': [x-api, three]\ncondition: words", False),
        ("words: ['/a?x=*']\ncondition: words", True),
        ("sel:\n  - method: POST\n  - target|contains: x=\ncondition: sel", True),
        ("sel:\n  method: POST\n  target|contains: x=\ncondition: sel", False),
        ("a:\n  method: GET\nb:\n  status: 200\ncondition:\n  - b\n  - a", True),
    ],
)
def test_keywords_lists_and_maps(matches: Matches, detection: str, expected: bool) -> None:
    assert matches(detection, REQUEST, "http.request") is expected


@given(st.binary(max_size=8), st.text(st.characters(codec="ascii", exclude_characters="*?\\"), min_size=1), st.binary())
def test_base64offset_finds_a_text_wherever_it_stands(matches: Matches, before: bytes, text: str, after: bytes) -> None:
    encoded = base64.b64encode(before + text.encode() + after).decode()
    detection = f"sel:\n  command|cased|base64offset|contains: {json.dumps(text)}\ncondition: sel"
    assert matches(detection, f"echo {encoded}")


def test_a_field_of_one_of_two_kinds_is_absent_in_the_other(matches: Matches) -> None:
    detection, category = "sel:\n  command|contains: x\ncondition: not sel", "[session.command, http.request]"
    assert matches(detection, REQUEST, category)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "a*a*a*a*a*a*b", "(?i:(x+x+)+y)"])
def test_expressions_that_backtracking_cannot_end_are_searched_at_once(pattern: str) -> None:
    expressions = Expressions()
    expressions.add(pattern, "")
    expressions.found([b"a"])
    started = time.process_time()
    expressions.found([b"a" * 500_000 + b"x" * 500_000 + b"!"])
    assert time.process_time() - started < 5


def test_time_of_a_search_grows_with_the_text_and_not_faster() -> None:
    expressions = Expressions()
    expressions.add("(a+)+b|(a*)*c", "")

    def seconds(length: int) -> float:
        text = b"a" * length
        started = time.process_time()
        expressions.found([text])
        return time.process_time() - started

    short = min(seconds(100_000) for _ in range(3))
    assert min(seconds(1_600_000) for _ in range(3)) < 16 * 6 * max(short, 0.0005)
