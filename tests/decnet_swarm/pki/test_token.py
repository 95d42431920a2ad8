# SPDX-License-Identifier: MIT
"""A token says the same to the sensor as to the master, and nothing when one letter of it is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_swarm.pki.names import NAME_LIMIT, is_name
from decnet_swarm.pki.token import (
    FINGERPRINT_BYTES,
    PREFIX,
    Misread,
    Token,
    decode_token,
    encode_token,
    hashed,
    new_token,
    opens,
)

NAMES = st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")


@given(NAMES, st.binary(min_size=FINGERPRINT_BYTES, max_size=FINGERPRINT_BYTES))
def test_token_says_what_was_written_into_it(name: str, authority: bytes) -> None:
    token = new_token(authority, name)
    assert decode_token(encode_token(token)) == token
    assert decode_token(f"  {encode_token(token)}\n") == token


@given(st.text())
def test_any_text_is_a_token_or_has_a_reason_why_not(text: str) -> None:
    assert isinstance(decode_token(text), (Token, Misread))
    assert isinstance(decode_token(PREFIX + text), (Token, Misread))


@given(st.data())
def test_changed_letter_is_noticed(data: st.DataObject) -> None:
    word = encode_token(new_token(bytes(FINGERPRINT_BYTES), "berlin-1"))
    at = data.draw(st.integers(len(PREFIX), len(word) - 2))  # the last letter may have bits that mean nothing
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_ +/=\n\u2028"))
    changed = word[:at] + other + word[at + 1 :]
    assert changed == word or isinstance(decode_token(changed), Misread)


def test_token_that_was_not_copied_whole_says_so() -> None:
    word = encode_token(new_token(bytes(FINGERPRINT_BYTES), "berlin-1"))
    for end in range(len(PREFIX), len(word) - 1):
        found = decode_token(word[:end])
        assert isinstance(found, Misread)
        assert "copy all of it" in found.reason
    assert isinstance(decode_token(word + word), Misread)


def test_only_the_secret_itself_opens() -> None:
    token = new_token(bytes(FINGERPRINT_BYTES), "berlin-1")
    kept = hashed(token.secret)
    assert token.secret.hex() not in kept
    assert opens(token.secret, kept)
    assert not opens(token.secret[:-1], kept)
    assert not opens(b"", kept)


@pytest.mark.parametrize("text", ["", "-a", "a-", ".", "a b", "a/b", "ä", "a\n", "x" * (NAME_LIMIT + 1), "a\0"])
def test_what_cannot_be_a_name_is_refused(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize("text", ["a", "berlin-1", "A.b_c", "x" * NAME_LIMIT])
def test_what_can_be_a_name_is_taken(text: str) -> None:
    assert is_name(text)
