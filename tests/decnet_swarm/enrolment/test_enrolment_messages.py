# SPDX-License-Identifier: MIT
"""Messages about certificates: what was framed is read, what is none has a reason, nothing is longer than allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_swarm.enrolment import messages
from decnet_swarm.enrolment.messages import (
    HEAD,
    LIMIT,
    AskAuthority,
    Authority,
    Enrol,
    Issued,
    Malformed,
    Refused,
    Renew,
    answer_in,
    framed,
    length_in,
    request_in,
)

TEXT = st.text(max_size=200)
REQUESTS = st.one_of(
    st.just(AskAuthority()),
    st.builds(Enrol, st.binary(max_size=40), st.binary(max_size=40), TEXT),
    st.builds(Renew, TEXT),
)
ANSWERS = st.one_of(
    st.builds(Authority, TEXT, st.integers(0, 2**53)),
    st.builds(Issued, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple), st.integers(0, 65535)),
    st.builds(Refused, st.just("token"), TEXT),
)


@given(REQUESTS)
def test_request_is_read_as_it_was_framed(message: messages.Request) -> None:
    frame = framed(message)
    assert length_in(frame[:HEAD]) == len(frame) - HEAD
    assert request_in(frame[HEAD:]) == message


@given(ANSWERS)
def test_answer_is_read_as_it_was_framed(message: messages.Reply) -> None:
    assert answer_in(framed(message)[HEAD:]) == message


@given(st.one_of(st.binary(max_size=300), REQUESTS.map(lambda m: framed(m)[HEAD:-1])))
def test_any_bytes_are_a_message_or_have_a_reason(document: bytes) -> None:
    for found in (request_in(document), answer_in(document)):
        assert isinstance(found, (messages.Request, messages.Reply, Malformed))


def test_deep_nesting_is_malformed() -> None:
    assert isinstance(request_in(b'{"type":"hello","x":' + b"[" * 60_000), Malformed)


@given(st.binary(max_size=8))
def test_length_is_within_bounds_or_malformed(head: bytes) -> None:
    found = length_in(head)
    assert isinstance(found, Malformed) or 0 < found <= LIMIT
    assert isinstance(found, Malformed) or len(head) == HEAD
