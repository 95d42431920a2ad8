# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events import codec
from decnet_core.events.catalogue import KINDS, PAYLOADS, LoginAttempt, Payload, kind_of
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.text import bounded

TEXT = st.text(max_size=50).map(bounded)
_ATOMS: dict[object, st.SearchStrategy[object]] = {str: TEXT, bool: st.booleans(), int: st.integers(0, 2**53)}


@st.composite
def payloads(draw: st.DrawFn) -> object:
    shape = draw(st.sampled_from(PAYLOADS))
    raw: dict[str, object] = {"kind": kind_of(shape)}
    for field in msgspec.structs.fields(shape):
        if field.required or draw(st.booleans()):
            raw[field.name] = draw(_value_of(field.type))
    return msgspec.convert(raw, shape)


_SHOWN: dict[str, st.SearchStrategy[object]] = {
    "str | None": st.none() | TEXT,
    "int | None": st.none() | st.integers(0, 2**53),
    "tuple[str, ...]": st.lists(TEXT, max_size=3),
    "tuple[int, ...]": st.lists(st.integers(0, 65535), max_size=3),
    "tuple[tuple[str, str], ...]": st.lists(st.tuples(TEXT, TEXT), max_size=3),
    "dict[str, str]": st.dictionaries(TEXT, TEXT, max_size=3),
    "dict[str, dict[str, str]]": st.dictionaries(TEXT, st.dictionaries(TEXT, TEXT, max_size=2), max_size=2),
}

_VALUES = st.dictionaries(TEXT, st.none() | TEXT | st.dictionaries(TEXT, TEXT, max_size=2), max_size=3)
_COUNTS = st.integers(1, 2**53)
_SHOWN["decnet_core.events.repeats.Repeats | None"] = st.none() | st.fixed_dictionaries(
    {
        "count": _COUNTS,
        "last_ts": st.integers(0, 2**62),
        "bytes": st.integers(0, 2**53),
        "distinct": _COUNTS,
        "samples": st.lists(st.fixed_dictionaries({"values": _VALUES, "count": _COUNTS}), max_size=3),
    }
)
_BINS = st.lists(st.integers(0, 2**53), max_size=16)
_SHOWN["decnet_core.events.typing_digest.TypingDigest | None"] = st.none() | st.fixed_dictionaries(
    {"keys": _COUNTS, "pasted": _COUNTS, "lines": _COUNTS, "corrections": _COUNTS, "gaps": _BINS, "pauses": _BINS}
)


def _value_of(annotation: object) -> st.SearchStrategy[object]:
    return _ATOMS[annotation] if annotation in _ATOMS else _SHOWN[str(annotation)]


@st.composite
def events(draw: st.DrawFn) -> Event:
    ts = draw(st.integers(0, 2**62))
    return Event(
        id=uuid7(ts),
        ts=ts,
        sensor=draw(TEXT),
        payload=draw(payloads()),  # type: ignore[arg-type]
        decky=draw(st.none() | TEXT),
        src_ip=draw(st.none() | st.ip_addresses().map(str)),
        src_port=draw(st.none() | st.integers(0, 65535)),
        session=draw(st.none() | TEXT),
        synthetic=draw(st.booleans()),
    )


@given(events())
def test_an_event_comes_back_as_it_was_sent(event: Event) -> None:
    line = codec.encode(event)
    assert b"\n" not in line
    assert codec.decode(line) == event


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_a_reason(line: bytes) -> None:
    try:
        reason = ""
        codec.decode(line)
    except codec.BadEventError as error:
        reason = str(error)
    assert reason or codec.encode(codec.decode(line))


@given(events(), st.data())
def test_a_damaged_line_never_raises_anything_else(event: Event, data: st.DataObject) -> None:
    line = bytearray(codec.encode(event))
    position = data.draw(st.integers(0, len(line) - 1))
    line[position] = data.draw(st.integers(0, 255))
    cut = bytes(line[: data.draw(st.integers(0, len(line)))])
    for candidate in (bytes(line), cut):
        try:
            codec.decode(candidate)
        except codec.BadEventError:
            continue


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id":1}', "$.id"),
        (b"[" * 100_000, "array"),
        (b'{"payload":{"kind":"no.such.kind"}}', "no.such.kind"),
        (b" " * (codec.MAX_LINE_BYTES + 1), "the limit is"),
    ],
)
def test_the_reason_says_where_and_why(line: bytes, reason: str) -> None:
    with pytest.raises(codec.BadEventError, match=reason.replace("$", r"\$").replace(".", r"\.")):
        codec.decode(line)


def test_an_unknown_field_is_refused() -> None:
    line = codec.encode(Event(id=uuid7(1), ts=1, sensor="s", payload=LoginAttempt("ssh", "root", success=False)))
    with pytest.raises(codec.BadEventError, match="extra"):
        codec.decode(line.replace(b'"service"', b'"extra":1,"service"'))


def test_an_event_too_long_for_a_line_is_refused_by_its_producer() -> None:
    event = Event(id=uuid7(1), ts=1, sensor="s", payload=LoginAttempt("ssh", "x" * codec.MAX_LINE_BYTES, success=False))
    with pytest.raises(codec.BadEventError, match="limit"):
        codec.encode(event)


def test_a_lone_surrogate_is_refused_by_its_producer() -> None:
    event = Event(id=uuid7(1), ts=1, sensor="s", payload=LoginAttempt("ssh", "\ud800", success=False))
    with pytest.raises(codec.BadEventError, match="Unicode"):
        codec.encode(event)


def test_each_kind_is_declared_once() -> None:
    assert len(KINDS) == len(PAYLOADS)


@given(payloads())
def test_whatever_a_folded_event_says_its_variants_are_events_of_its_kind(payload: Payload) -> None:
    for one, count in payload.variants():
        assert type(one) is type(payload)
        assert count >= 1
