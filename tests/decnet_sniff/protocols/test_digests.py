# SPDX-License-Identifier: MIT
"""Digests beside hashlib's, by both ways."""

from __future__ import annotations

import hashlib
import random

import pytest

from decnet_sniff.protocols import digests


@pytest.mark.parametrize("ways", [(digests.md5, digests.sha256), None])
def test_they_are_hashlibs(ways: tuple[digests.Digest, digests.Digest] | None) -> None:
    md5, sha256 = ways or map(digests.hexadecimal, digests.openssls())
    chosen = random.Random(1)
    for size in (0, 1, 55, 56, 64, 119, 120, 1000, 70_000):
        data = chosen.randbytes(size)
        assert md5(data) == hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert sha256(data) == hashlib.sha256(data).hexdigest()
