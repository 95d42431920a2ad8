# SPDX-License-Identifier: MIT
"""Keys and ciphers of QUIC's Initial packets by the published vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_sniff.sniff.sniff_quic_vectors import CLIENT_INITIAL_1, CLIENT_PAYLOAD, CONNECTION_ID
from tests.examples import examples

from decnet_sniff.sniff.quic import aes
from decnet_sniff.sniff.quic.initial_keys import VERSION_1, VERSION_2, Keys, initial_keys

LIBCRYPTO = aes.load()
needs_libcrypto = pytest.mark.skipif(LIBCRYPTO is None, reason="this machine has no libcrypto")


def keys(*texts: str) -> Keys:
    return Keys(*(bytes.fromhex(text) for text in texts))


@pytest.mark.parametrize(
    ("version", "server", "expected"),
    [
        (
            VERSION_1,
            False,
            keys("1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"),
        ),
        (
            VERSION_1,
            True,
            keys("cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314"),
        ),
        (
            VERSION_2,
            False,
            keys("8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"),
        ),
        (
            VERSION_2,
            True,
            keys("82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652", "edf6d05c83121201b436e16877593c3a"),
        ),
        (
            0xFF00001D,
            False,
            keys("175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f", "9ddd12c994c0698b89374a9c077a3077"),
        ),
    ],
)
def test_keys_of_rfc_9001_a_1_of_its_draft_29_and_of_rfc_9369_a_1(version: int, server: bool, expected: Keys) -> None:
    assert initial_keys(version, CONNECTION_ID, server=server) == expected


@needs_libcrypto
def test_a_block_as_in_fips_197() -> None:
    assert LIBCRYPTO is not None
    key, block = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    assert LIBCRYPTO.encrypt_block(key, block).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"


@needs_libcrypto
def test_gcm_as_in_the_specification_s_test_case_4() -> None:
    """McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: associated data, an odd length."""
    assert LIBCRYPTO is not None
    sealed = bytes.fromhex(
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
        "5bc94fbc3221a5db94fae95ae7121a47"
    )
    plain = LIBCRYPTO.open_gcm(
        bytes.fromhex("feffe9928665731c6d6a8f9467308308"),
        bytes.fromhex("cafebabefacedbaddecaf888"),
        sealed,
        bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    )
    assert plain is not None
    assert plain.hex() == (
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )


@needs_libcrypto
def test_a_tag_that_does_not_fit_opens_nothing() -> None:
    assert LIBCRYPTO is not None
    header, body = bytes.fromhex("c300000001088394c8f03e5157080000449e00000002"), CLIENT_INITIAL_1[22:]
    client = initial_keys(VERSION_1, CONNECTION_ID, server=False)
    nonce = (int.from_bytes(client.iv, "big") ^ 2).to_bytes(12, "big")
    assert LIBCRYPTO.open_gcm(client.key, nonce, body, header) == CLIENT_PAYLOAD
    assert LIBCRYPTO.open_gcm(client.key, nonce, body[:-1] + b"\0", header) is None
    assert LIBCRYPTO.open_gcm(client.key, nonce, body, header[:-1]) is None
    assert LIBCRYPTO.open_gcm(client.key, nonce, body[:15], header) is None
    assert LIBCRYPTO.open_gcm(client.key, nonce, b"", header) is None


@needs_libcrypto
@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_another_implementation_agrees_on_everything(data: st.DataObject) -> None:
    assert LIBCRYPTO is not None

    key, nonce = data.draw(st.binary(min_size=16, max_size=16)), data.draw(st.binary(min_size=12, max_size=12))
    plain, associated = data.draw(st.binary(max_size=100)), data.draw(st.binary(max_size=40))
    sealed = AESGCM(key).encrypt(nonce, plain, associated)
    assert LIBCRYPTO.open_gcm(key, nonce, sealed, associated) == plain
    block = plain[:16].ljust(16)
    assert LIBCRYPTO.encrypt_block(key, block) == Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def test_on_linux_the_library_is_found_where_hashlib_has_it() -> None:
    if "libcrypto" not in Path("/proc/self/maps").read_text():
        pytest.skip("this interpreter has its OpenSSL built in")
    assert LIBCRYPTO is not None
