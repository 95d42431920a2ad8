# SPDX-License-Identifier: MIT
from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.canary import SlugKind, canary_key, mint, verify
from decnet_core.keys import KeyFileError, read_or_create

KEY = b"k" * 32


@given(st.sampled_from(list(SlugKind)), st.lists(st.booleans(), min_size=24, max_size=24))
def test_a_minted_slug_verifies_in_any_case(kind: SlugKind, upper: list[bool]) -> None:
    slug = mint(KEY, kind)
    assert re.fullmatch(r"[a-z2-7]{24}", slug.text)
    spelled = "".join(c.upper() if up else c for c, up in zip(slug.text, upper, strict=True))
    assert verify(KEY, spelled) == slug


@given(st.integers(0, 23), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_slug_with_one_changed_character_does_not_verify(at: int, character: str) -> None:
    text = mint(KEY, SlugKind.URL).text
    changed = text[:at] + character + text[at + 1 :]
    assert verify(KEY, changed) is None or changed == text


@given(st.text(max_size=40))
def test_noise_does_not_verify_and_raises_nothing(text: str) -> None:
    assert verify(KEY, text) is None


def test_another_fleets_slug_does_not_verify() -> None:
    assert verify(b"x" * 32, mint(KEY, SlugKind.DNS).text) is None


def test_slugs_of_one_kind_have_no_common_beginning() -> None:
    assert len({mint(KEY, SlugKind.URL).text[0] for _ in range(200)}) > 10


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    key = canary_key(tmp_path / "keys")
    assert canary_key(tmp_path / "keys") == key
    assert (tmp_path / "keys" / "canary.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["canary.key"]


def test_all_that_need_a_key_first_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: read_or_create(tmp_path / "a.key"), range(64)))
    assert len(keys) == 1


def test_a_damaged_key_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_bytes(b"short")
    with pytest.raises(KeyFileError, match=r"a\.key has 5 bytes"):
        read_or_create(tmp_path / "a.key")
