# SPDX-License-Identifier: MIT
"""What an endpoint keeps secret, in a database that others may read and write."""

from __future__ import annotations

import base64

import pytest

from decnet_workers.webhook.sealing import SealError, Secrets, seal, unseal

KEY, OTHER = b"k" * 32, b"o" * 32
KEPT = Secrets("https://hooks.slack.com/services/T0/B0/secret", "token" * 20)


def test_what_was_sealed_is_opened_by_its_key_for_its_endpoint_only() -> None:
    sealed = seal(KEY, "wh_1", KEPT)
    assert unseal(KEY, "wh_1", sealed) == KEPT
    for key, name in ((OTHER, "wh_1"), (KEY, "wh_2")):
        with pytest.raises(SealError, match="decnet webhook edit"):
            unseal(key, name, sealed)


def test_nothing_of_it_can_be_read_and_nothing_is_the_same_twice() -> None:
    sealed, again = (base64.b64decode(seal(KEY, "wh_1", KEPT)) for _ in range(2))
    assert b"secret" not in sealed
    assert not _blocks(sealed) & _blocks(again)


def _blocks(data: bytes) -> set[bytes]:
    return {data[at : at + 8] for at in range(0, len(data), 8)}


def test_any_changed_byte_is_noticed() -> None:
    data = base64.b64decode(seal(KEY, "wh_1", Secrets("https://x.test/")))
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(SealError):
            unseal(KEY, "wh_1", base64.b64encode(changed).decode())


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", "\u00e9"])
def test_what_is_no_seal_is_refused(text: str) -> None:
    with pytest.raises(SealError):
        unseal(KEY, "wh_1", text)
