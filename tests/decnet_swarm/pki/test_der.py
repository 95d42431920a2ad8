# SPDX-License-Identifier: MIT
"""Our reader of certificates against the library's, and against bytes that are none."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from decnet_swarm.pki import authority
from decnet_swarm.pki.der import Parts, Unreadable, parts_of

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
ROOT = authority.root(NOW)
CERTIFICATE = authority.der(ROOT.certificate)


@pytest.mark.parametrize("now", [NOW, dt.datetime(2049, 12, 31, tzinfo=dt.UTC), dt.datetime(1999, 5, 5, tzinfo=dt.UTC)])
def test_parts_are_those_that_the_library_reads(now: dt.datetime) -> None:
    found = x509.load_der_x509_certificate(authority.der(authority.root(now).certificate))
    parts = parts_of(authority.der(found))
    assert isinstance(parts, Parts)
    assert parts.not_before == int(found.not_valid_before_utc.timestamp())
    assert parts.not_after == int(found.not_valid_after_utc.timestamp())
    key = found.public_key()
    assert isinstance(key, authority.PublicKey)
    assert parts.public_key == authority.public_der(key)


def test_certificate_that_ends_anywhere_is_unreadable() -> None:
    for end in range(len(CERTIFICATE)):
        assert isinstance(parts_of(CERTIFICATE[:end]), Unreadable)


@given(st.integers(0, len(CERTIFICATE) * 8 - 1))
def test_flipped_bit_never_raises(bit: int) -> None:
    damaged = bytearray(CERTIFICATE)
    damaged[bit // 8] ^= 1 << bit % 8
    assert isinstance(parts_of(bytes(damaged)), (Parts, Unreadable))


@given(st.binary(max_size=400))
def test_any_bytes_never_raise(data: bytes) -> None:
    assert isinstance(parts_of(data), (Parts, Unreadable))
    assert isinstance(parts_of(b"\x30\x82\x01\x00\x30\x81\xf0" + data), (Parts, Unreadable))
