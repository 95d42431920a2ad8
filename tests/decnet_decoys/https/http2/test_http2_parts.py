# SPDX-License-Identifier: MIT
"""Frames and header blocks of HTTP/2: whatever a client may send, in whatever pieces it comes."""

from __future__ import annotations

import pytest
from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.fuzz.fuzz_targets import frames_of

from decnet_decoys.https.http2.fields import BlockDecoder, StreamError, block_of, request_head
from decnet_decoys.https.http2.frames import Http2Error, Kind, frame
from decnet_decoys.https.http2.sending import Sending

FRAMES = st.builds(
    lambda kind, flags, stream, payload, size: (
        (len(payload) + size).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    ),
    st.integers(0, 11), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=40), st.sampled_from((0, 0, 0, 1)),
)  # fmt: skip
FIELDS = st.lists(st.tuples(st.sampled_from(("a", "cookie", ":path", "host", "x-y")), st.text(max_size=60)), max_size=4)


@given(st.one_of(st.lists(FRAMES, max_size=8).map(b"".join), st.binary(max_size=300)), st.integers(1, 30))
def test_frames_are_the_same_in_whatever_pieces_they_come(sent: bytes, size: int) -> None:
    assert frames_of([sent]) == frames_of([sent[at : at + size] for at in range(0, len(sent), size)])


@given(st.lists(FIELDS, max_size=2), st.booleans())
def test_blocks_mean_what_another_decoder_finds(lists: list[list[tuple[str, str]]], huffman: bool) -> None:
    ours, theirs, encoder = BlockDecoder(), Decoder(), Encoder()
    for fields in lists:
        block = encoder.encode(fields, huffman=huffman)
        found = [field for part in ours.decoded(block) for field in part]
        assert found == [(bytes(field[0]), bytes(field[1])) for field in theirs.decode(block, raw=True)]


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_noise_in_a_block_is_an_error_or_fields(blocks: list[bytes]) -> None:
    decoder = BlockDecoder()
    try:
        for block in blocks:
            request_head(field for part in decoder.decoded(block) for field in part)
    except (Http2Error, StreamError):
        pass


@pytest.mark.parametrize("size", [10, 3000])
def test_a_block_that_ends_within_a_field_has_a_wrong_size_however_long_the_field_is(size: int) -> None:
    block = Encoder().encode([("a", "b"), ("x", "y" * size)], huffman=False)
    with pytest.raises(Http2Error, match="FRAME_SIZE_ERROR"):
        list(BlockDecoder().decoded(block[:-2]))


@given(st.sampled_from((200, 301, 405, 413)), st.text(max_size=300), st.booleans())
def test_answers_can_be_decoded(status: int, value: str, changed: bool) -> None:
    sent = value.encode("latin-1", "replace")
    block = block_of(status, (("Server", value), ("X-Y", value)), table_changed=changed)
    found = [(bytes(field[0]), bytes(field[1])) for field in Decoder().decode(block, raw=True)]
    assert found == [(b":status", str(status).encode()), (b"server", sent), (b"x-y", sent)]


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 30_000)), max_size=20), st.integers(0, 200_000))
def test_no_more_is_sent_than_the_windows_allow(updates: list[tuple[int, int]], size: int) -> None:
    sending = Sending()
    sending.open(1)
    windows = {0: 65535, 1: 65535}
    sending.send(1, b"z" * size)
    for stream, more in updates:
        sending.widen(stream, more)
        windows[stream] += more if stream == 0 or 1 in sending.waiting or size > min(windows.values()) else 0
    sent = sum(len(each.payload) for each in frames_of([bytes(sending.out)])[0] if each.kind == Kind.DATA)
    assert sent <= min(size, windows[0])
    assert sent + sending.held == size
    assert frame(Kind.RST_STREAM, 0, 1)[:5] not in bytes(sending.out)
