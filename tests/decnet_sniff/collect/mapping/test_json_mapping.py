# SPDX-License-Identifier: MIT
"""Mapping files: what JSON lines become by them, and what is said of a file that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import CommandRun, HttpRequest, LoginAttempt, PortScan, ServiceRequest
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_sniff.collect.kinds import PRODUCED
from decnet_sniff.collect.mapping.json_mapping import Mapping, clock_of
from decnet_sniff.collect.mapping.mapping_file import NOT_IN_LOGS, MappingError, load
from decnet_sniff.collect.outcome import Ignored, Parsed, Rejected
from decnet_sniff.collect.record import Record

MAPPING = """\
time = { field = "@timestamp", format = "iso" }
src = { address = "client.ip", port = "client.port" }
session = "conn"
host = "sensor.name"

[[event]]
kind = "auth.attempt"
when = { action = ["login", "su"] }
[event.fields]
service = { value = "ssh" }
username = "user.name"
password = { field = "pw", default = "" }
success = { field = "result", map = { ok = true, failed = false } }

[[event]]
kind = "service.request"
when = { action = "*", proto = "mqtt" }
[event.fields]
service = "proto"
action = "action"
detail = { rest = true, except = ["@timestamp", "client", "proto", "action"] }

[[event]]
kind = "http.request"
when = { action = "GET" }
[event.fields]
method = "action"
target = "url"
status = "status"
headers = "headers"

[[event]]
kind = "scan.detected"
when = { action = "scan" }
[event.fields]
technique = { value = "syn" }
ports = "ports"

[[ignore]]
when = { action = "heartbeat" }
"""


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    file = tmp_path_factory.mktemp("mapping") / "map.toml"
    file.write_text(MAPPING)
    return load(file)


def parsed(mapping: Mapping, **fields: Any) -> Parsed | Ignored | Rejected:
    line = {"@timestamp": "2026-11-23T10:20:30Z", "client": {"ip": "192.0.2.7", "port": "4711"}, **fields}
    return mapping.parse(Record(json.dumps(line).encode(), "test"))


def test_fields_constants_words_and_nested_values(mapping: Mapping) -> None:
    found = parsed(mapping, action="login", user={"name": "root"}, result="failed", conn=17, sensor={"name": "web"})
    assert found == Parsed(
        1_795_429_230_000_000_000,
        (LoginAttempt("ssh", "root", False, password=""),),
        ("192.0.2.7", 4711),
        None,
        "17",
        "web",
    )


def test_rest_headers_numbers_and_lists(mapping: Mapping) -> None:
    rest = parsed(mapping, action="publish", proto="mqtt", topic="a/b", qos=1)
    assert isinstance(rest, Parsed)
    assert rest.payloads == (ServiceRequest("mqtt", "publish", {"topic": "a/b", "qos": "1"}),)
    http = parsed(mapping, action="GET", url="/x", status="404", headers={"Host": "a", "X": 1})
    assert isinstance(http, Parsed)
    assert http.payloads == (HttpRequest("GET", "/x", headers=(("Host", "a"), ("X", "1")), status=404),)
    scan = parsed(mapping, action="scan", ports=[22, "80"])
    assert isinstance(scan, Parsed)
    assert scan.payloads == (PortScan("syn", (22, 80)),)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"action": "heartbeat"}, Ignored("by the mapping")),
        ({"action": "other"}, Rejected("no event of the mapping fits")),
        ({"action": "login", "result": "ok"}, Rejected("auth.attempt: user.name is missing")),
        (
            {"action": "login", "user": {"name": "x"}, "result": "?"},
            Rejected("auth.attempt: result has a value that the mapping does not know"),
        ),
        ({"action": "scan", "ports": [70000]}, Rejected("scan.detected: ports cannot be ports")),
        ({"action": "scan", "client": {"ip": "x"}}, Rejected("scan.detected: client.ip is not an IP address")),
        ({"action": "scan", "@timestamp": "never"}, Rejected("scan.detected: no valid time")),
    ],
)
def test_line_that_does_not_fit_is_rejected_with_its_reason(
    mapping: Mapping, fields: dict[str, Any], outcome: Ignored | Rejected
) -> None:
    assert parsed(mapping, **fields) == outcome


def test_key_with_dots_and_list_positions(tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text(
        '[[event]]\nkind = "session.command"\nfields = { service = { value = "sh" }, command = "process.args.1" }\n'
        '[[event]]\nkind = "session.command"\nwhen = { "a.b" = 1 }\n'
        'fields = { service = "a.b", command = { field = "x", default = "none" } }\n'
    )
    mapping = load(file)
    found = mapping.parse(Record(b'{"a.b": 1, "process": {"args": ["sh", "ls"]}}', "test", ts=5))
    assert found == Parsed(5, (CommandRun("sh", "ls"), CommandRun("1", "none")))
    truth = mapping.parse(Record(b'{"a.b": true, "process": {"args": ["sh", "ls"]}}', "test", ts=5))
    assert truth == Parsed(5, (CommandRun("sh", "ls"),))


@pytest.mark.parametrize(
    ("form", "value", "ns"),
    [
        ("unix", 1795429230, 1_795_429_230_000_000_000),
        ("unix", "1795429230.5", 1_795_429_230_500_000_000),
        ("unix", 1795429230.25, 1_795_429_230_250_000_000),
        ("unix_ms", 1795429230123, 1_795_429_230_123_000_000),
        ("unix_ns", "1795429230123456789", 1_795_429_230_123_456_789),
        ("%d/%b/%Y:%H:%M:%S %z", "23/Nov/2026:11:20:30 +0100", 1_795_429_230_000_000_000),
        ("%Y-%m-%d %H:%M:%S", "2026-11-23 10:20:30", 1_795_429_230_000_000_000),
        ("iso", 5, None),
        ("unix", True, None),
        ("unix", "nan", None),
        ("unix", 1e300, None),
        ("%Y", "x", None),
    ],
)
def test_time_formats(form: str, value: object, ns: int | None) -> None:
    assert clock_of(form)(value) == ns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[event]]\nkind = "auth.attemt"', ":2: kind 'auth.attemt' is no event kind; did you mean 'auth.attempt'?"),
        ('[[event]]\nkind = "canary.hit"', ":2: kind 'canary.hit' cannot come from logs"),
        ('tiem = "x"\n[[event]]', ":1: there is no 'tiem' here; did you mean 'time'?"),
        ("", ":1: there is no [[event]]"),
        (
            '[[event]]\nkind = "session.command"\n[event.fields]\nservice = "a"\ncomand = "b"\n',
            ":5: there is no 'comand' here; did you mean 'command'?",
        ),
        ('[[event]]\nkind = "session.command"\n[event.fields]\nservice = "a"\n', ":3: kind session.command needs"),
        (
            '# x\n[[event]]\nkind = "connection.opened"\nfields = { service = "a" }\n\n[[event]]\n'
            'kind = "session.closed"\n[event.fields]\nservice = "a"\nduration_ms = { value = "soon" }\n',
            ":10: 'soon' cannot be duration_ms",
        ),
        (
            '[[event]]\nkind = "connection.opened"\n[event.fields]\nservice = { field = "a", valeu = 1 }\n',
            ":4: there is no 'valeu' here; did you mean 'value'?",
        ),
        ('[[event]]\nkind = "connection.opened"\nfields.service = { }\n', ":3: service is either a field, a value"),
        (
            'time = { field = "t", format = "epoch" }\n[[event]]\nkind = "connection.opened"\nfields.service = "a"\n',
            ":1: time format 'epoch'",
        ),
        (
            '[[event]]\nkind = "connection.opened"\nfields.service = "a"\n[[ignore]]\nwhen = { a = [] }\n',
            ":5: a must be",
        ),
        ("event = 1\n", ":1: write it as [[event]]"),
        ("[[event]\n", "Expected"),
    ],
)  # fmt: skip
def test_wrong_file_is_refused_with_its_line_and_a_suggestion(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "map.toml"
    file.write_text(text)
    with pytest.raises(MappingError) as refused:
        load(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_every_kind_that_logs_may_tell_can_be_mapped(tmp_path: Path) -> None:
    """Each field of each of them has a type that a JSON value can be made of."""
    file = tmp_path / "map.toml"
    for shape in PRODUCED:
        mapped = [name for name in shape.__struct_fields__ if name not in NOT_IN_LOGS]
        names = "\n".join(f'{name} = "{name}"' for name in mapped)
        file.write_text(f'[[event]]\nkind = "{shape.__struct_config__.tag}"\n[event.fields]\n{names}\n')
        assert load(file).makings[0].shape is shape


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("192.0.2.7")
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
KEYS = st.sampled_from(
    ["@timestamp", "action", "client", "user", "pw", "result", "proto", "status", "headers", "ports", "url"]
)
ACTIONS = st.sampled_from(["login", "GET", "scan", "heartbeat", "mqtt"])


@given(st.dictionaries(KEYS, VALUES), ACTIONS)
def test_any_object_is_an_event_or_a_reason(mapping: Mapping, fields: dict[str, Any], action: str) -> None:
    found = parsed(mapping, **{**fields, "action": action})
    if isinstance(found, Parsed):
        for payload in found.payloads:
            event = Event(id=uuid7(found.ts), ts=found.ts, sensor="s", payload=payload)
            assert decode(encode(event)) == event


@given(st.binary(max_size=200))
def test_any_bytes_are_rejected_with_a_reason(mapping: Mapping, line: bytes) -> None:
    assert isinstance(mapping.parse(Record(line, "test")), Rejected)
