# SPDX-License-Identifier: MIT
"""The Journal Export Format: what systemd writes, cut anywhere, and anything else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.collect.journal.export_format import MAX_VALUE_BYTES, Entry, ExportError, ExportParser

NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1, max_size=20)


def written(entry: Entry) -> bytes:
    """Return the entry as systemd writes it: binary where a text would not be clear."""
    lines = []
    for name, value in entry.items():
        if b"\n" in value or not value.isascii():
            lines.append(b"%b\n%b%b\n" % (name.encode(), len(value).to_bytes(8, "little"), value))
        else:
            lines.append(b"%b=%b\n" % (name.encode(), value))
    return b"".join(lines) + b"\n"


def entries(pieces: list[bytes]) -> list[Entry]:
    parser = ExportParser()
    return [entry for piece in pieces for entry in parser.feed(piece)]


def test_text_and_binary_fields() -> None:
    entry = {"__CURSOR": b"s=1;i=2", "MESSAGE": b"two\nlines\n\nMESSAGE=forged\n", "PRIORITY": b"6"}
    assert entries([written(entry) * 2]) == [entry, entry]


def test_first_value_of_a_repeated_field_counts() -> None:
    assert entries([b"_PID=1\n_PID=2\n\n"]) == [{"_PID": b"1"}]


def test_value_that_is_too_long_is_cut_and_the_rest_is_read() -> None:
    long = b"x\n" * MAX_VALUE_BYTES
    data = written({"MESSAGE": long, "_PID": b"7"})
    assert entries([data]) == [{"MESSAGE": long[:MAX_VALUE_BYTES], "_PID": b"7"}]
    parser = ExportParser()
    for start in range(0, len(data), 1000):
        parser.feed(data[start : start + 1000])
        assert len(parser._buffer) + len(parser._value) <= MAX_VALUE_BYTES + 2000


@given(st.lists(st.dictionaries(NAMES, st.binary(max_size=50), min_size=1, max_size=5), max_size=5), st.data())
def test_entries_are_the_same_however_they_are_cut(wanted: list[Entry], data: st.DataObject) -> None:
    text = b"".join(map(written, wanted))
    places = data.draw(st.lists(st.integers(0, len(text))))
    bounds = sorted({0, len(text), *places})
    assert entries([text[start:end] for start, end in itertools.pairwise(bounds)]) == wanted


@pytest.mark.parametrize(
    "data",
    [b"A\n\x01\0\0\0\0\0\0\0xy\n\n", b"A\n" + b"\xff" * 8 + b"\n", b"x" * (2 << 20)],
    ids=["end", "size", "line"],
)
def test_what_is_not_this_format_is_refused(data: bytes) -> None:
    with pytest.raises(ExportError):
        entries([data])


@given(st.lists(st.binary(max_size=100), max_size=20))
def test_any_bytes_are_entries_or_refused(pieces: list[bytes]) -> None:
    parser = ExportParser()
    try:
        for piece in pieces:
            for entry in parser.feed(piece):
                assert entry
    except ExportError:
        pass
