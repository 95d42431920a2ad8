# SPDX-License-Identifier: MIT
"""Syslog lines: the examples of RFC 5424 and RFC 3164, what rsyslog writes into files, and anything else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_sniff.collect.formats.syslog import parse
from decnet_sniff.collect.outcome import Parsed, Rejected

NOW = 1_795_429_230_000_000_000  # 2026-11-23T10:20:30Z


def ns(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1_000_000_000  # type: ignore[misc, arg-type]  # year, month, ...


def message(text: bytes, now: int = NOW) -> tuple[int, SyslogMessage]:
    outcome = parse(text, now)
    assert isinstance(outcome, Parsed), outcome
    assert (outcome.src, outcome.session) == (None, None)
    (payload,) = outcome.payloads
    assert isinstance(payload, SyslogMessage)
    return outcome.ts, payload


def test_rfc5424_example_with_structured_data() -> None:
    text = (
        b'<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" '
        b'eventSource="Application" eventID="1011"][examplePriority@32473 class="high"] \xef\xbb\xbf'
        b"An application event"
    )
    ts, found = message(text)
    assert ts == ns(2003, 10, 11, 22, 14, 15) + 3_000_000
    assert found == SyslogMessage(
        20, 5, "An application event", "mymachine.example.com", "evntslog", None, "ID47",
        {
            "exampleSDID@32473": {"iut": "3", "eventSource": "Application", "eventID": "1011"},
            "examplePriority@32473": {"class": "high"},
        },
    )  # fmt: skip


def test_rfc5424_without_structured_data() -> None:
    _, found = message(b"<34>1 2003-10-11T22:14:15.003+02:00 host su 77 - - 'su root' failed")
    assert (found.facility, found.severity, found.process, found.structured) == (4, 2, "77", {})
    assert found.message == "'su root' failed"


def test_escapes_in_structured_data() -> None:
    _, found = message(rb'<1>1 2003-10-11T22:14:15Z h a - - [x@1 q="a\"b\\c\]d\e"] m')
    assert found.structured == {"x@1": {"q": 'a"b\\c]d\\e'}}


def test_rfc3164_example() -> None:
    ts, found = message(b"<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed for lonvick on /dev/pts/8")
    assert ts == ns(2026, 10, 11, 22, 14, 15)
    assert (found.host, found.app, found.process) == ("mymachine", "su", "12")
    assert found.message == "'su root' failed for lonvick on /dev/pts/8"


def test_year_is_the_latest_that_is_not_in_the_future() -> None:
    assert message(b"Nov 24 10:00:00 h a: m")[0] == ns(2026, 11, 24, 10)  # a clock may be ahead by a day
    assert message(b"Nov 25 10:00:00 h a: m")[0] == ns(2025, 11, 25, 10)
    assert message(b"Feb 29 10:00:00 h a: m")[0] == ns(2024, 2, 29, 10)
    assert message(b"Dec 31 23:59:59 h a: m", ns(2027, 1, 1))[0] == ns(2026, 12, 31, 23, 59, 59)


def test_zone_of_the_source_completes_rfc3164() -> None:
    outcome = parse(b"Jul  1 12:00:00 h a: m", NOW, ZoneInfo("Europe/Berlin"))
    assert isinstance(outcome, Parsed)
    assert outcome.ts == ns(2026, 7, 1, 10)


def test_file_formats_of_rsyslog() -> None:
    ts, found = message(b"2026-11-23T10:20:30.123456+01:00 web sshd[99]: Failed password for root from 203.0.113.5")
    assert ts == ns(2026, 11, 23, 9, 20, 30) + 123_456_000
    assert (found.facility, found.severity, found.host, found.app) == (1, 5, "web", "sshd")
    assert message(b"Nov 23 10:20:30 web kernel: [  1.0] x: y")[1].app == "kernel"


def test_message_without_tag_is_kept_whole() -> None:
    _, found = message(b"<13>Nov 23 10:20:30 web -- MARK --")
    assert (found.app, found.message) == (None, "-- MARK --")


def test_bytes_that_are_not_utf8_are_kept_visibly() -> None:
    assert message(b"Nov 23 10:20:30 web app: caf\xe9 \0\x1b[2J")[1].message == "caf\\xe9 \0\x1b[2J"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<",
        b"<192>Nov 23 10:20:30 h a: m",
        b"<13>",
        b"<13>Foo 23 10:20:30 h a: m",
        b"<13>Nov 31 10:20:30 h a: m",
        b"<13>Nov 23 25:20:30 h a: m",
        b"<13>1 yesterday h a - - - m",
        b'<13>1 2003-10-11T22:14:15Z h a - - [x@1 q="open] m',
        b"<13>1 2003-10-11T22:14:15Z h a - - [x@1",
        b"<13>1 2003-10-11T22:14:15Z h a - - " + b'[x@1 a="b"]' * 100,
        b"no syslog at all",
    ],
)
def test_what_is_no_syslog_is_rejected(text: bytes) -> None:
    assert isinstance(parse(text, NOW), Rejected)


headers = st.sampled_from(
    [b"", b"<13>", b"<34>1 2003-10-11T22:14:15Z h a 1 id ", b"Nov 23 10:20:30 h ", b"2026-11-23T10:20:30Z h ",
     b'<34>1 2003-10-11T22:14:15Z h a 1 id [x a="', b"<1>Feb 29 10:20:30 h "]
)  # fmt: skip


@given(headers, st.binary(max_size=400), st.integers(0, 4 * 10**18))
def test_any_bytes_give_a_valid_event_or_a_reason(header: bytes, text: bytes, now: int) -> None:
    outcome = parse(header + text, now)
    if isinstance(outcome, Parsed):
        event = Event(id=uuid7(0), ts=outcome.ts, sensor="s", payload=outcome.payloads[0])
        assert decode(encode(event)) == event


@pytest.mark.parametrize(
    "text",
    [
        b'<1>1 2003-10-11T22:14:15Z h a - - [x a="' + b"\\" * 100_000,
        b'<1>1 2003-10-11T22:14:15Z h a - - [x a="' + b'\\"' * 100_000,
        b"Nov 23 10:20:30 h " + b"a" * 200_000,
        b"Nov 23 10:20:30 h a[" + b"1" * 200_000,
    ],
)
def test_hostile_lines_take_no_time(text: bytes) -> None:
    begun = time.process_time()
    parse(text, NOW)
    assert time.process_time() - begun < 1
