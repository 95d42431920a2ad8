# SPDX-License-Identifier: MIT
"""Header blocks of HPUB and HMSG."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.bus.protocol import headers

NAME = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1)
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n")).map(lambda text: text.strip(" \t"))


@given(st.lists(st.tuples(NAME, VALUE)))
def test_headers_come_back_as_they_were_written(pairs: list[tuple[str, str]]) -> None:
    assert headers.decode(headers.encode(pairs)) == tuple(pairs)


@given(st.binary())
def test_no_bytes_stop_a_message(block: bytes) -> None:
    for name, value in headers.decode(block) + headers.decode(headers.VERSION + block):
        assert name
        (name + value).encode()


def test_a_block_is_what_nats_writes() -> None:
    assert headers.encode([("A", "b"), ("A", "c d")]) == b"NATS/1.0\r\nA: b\r\nA: c d\r\n\r\n"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"NATS/1.0 503\r\n\r\n", (("Status", "503"),)),
        (
            b"NATS/1.0 100 Idle Heartbeat\r\nX: y\r\n\r\n",
            (("Status", "100"), ("Description", "Idle Heartbeat"), ("X", "y")),
        ),
        (b"NATS/1.0\r\nA:b\r\nA:\tc \r\n\r\n", (("A", "b"), ("A", "c"))),
        (b"NATS/1.0\r\nno colon\r\n: no name\r\nB: \xff\r\n\r\n", (("B", "\\xff"),)),
        (b"", ()),
    ],
)
def test_reading_a_block(block: bytes, expected: headers.Headers) -> None:
    assert headers.decode(block) == expected


def test_a_status_is_the_servers_word() -> None:
    assert headers.status((("Status", "503"),)) == "503"
    assert headers.status((("Trace", "x"), ("Status", "503"))) is None
    assert headers.status(()) is None


@pytest.mark.parametrize("pair", [("", "v"), ("a b", "v"), ("a:b", "v"), ("ä", "v"), ("a", "x\ny"), ("a", "\r")])
def test_what_would_break_the_block_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="header"):
        headers.encode([pair])
