# SPDX-License-Identifier: MIT
"""Encrypted zips are read by Python's own reader, whatever is in them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from decnet.findings.encrypted_zip import PASSWORD, length, member_of, pieces


@given(st.binary(max_size=2000))
@example(b"")
@example(b"x" * 40_000)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_content_comes_back(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "content"
    file.write_bytes(content)
    member = member_of(file, "a" * 64)
    archive = b"".join(pieces(member, PASSWORD))
    assert len(archive) == length(member)
    with zipfile.ZipFile(io.BytesIO(archive)) as reader:
        assert reader.read("a" * 64, pwd=PASSWORD) == content
        assert reader.infolist()[0].flag_bits & 1
        with pytest.raises(RuntimeError, match="required"):
            reader.read("a" * 64)


def test_the_content_is_not_in_it(tmp_path: Path) -> None:
    file = tmp_path / "content"
    file.write_bytes(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR")
    assert b"EICAR" not in b"".join(pieces(member_of(file, "x"), PASSWORD))
