# SPDX-License-Identifier: MIT
"""The OpenAPI document is made once for a state of the code, not once for each life of the worker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.requests import Request
from tests.decnet_web.api.hosting.longest_turn import MOST_SECONDS, watched_turns

from decnet_web.api.hosting import published
from decnet_web.api.hosting.published import Published

REQUEST = Request({"type": "http", "headers": []})
TEXT = b"{" + b" " * 600_000 + b"}\n"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was made anew."""
    texts: list[bytes] = []

    async def make() -> bytes:
        texts.append(TEXT)
        return TEXT

    monkeypatch.setattr(published, "_made", make)
    return texts


async def asked(folder: Path | None) -> bytes:
    return bytes((await Published(folder)(REQUEST)).body)


async def test_another_life_finds_it(tmp_path: Path, made: list[bytes]) -> None:
    assert await asked(tmp_path) == await asked(tmp_path) == TEXT
    assert len(made) == 1
    with watched_turns() as longest:
        assert await asked(tmp_path) == TEXT
    assert longest.seconds < MOST_SECONDS, longest.whose


async def test_other_code_makes_it_anew(tmp_path: Path, made: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    await asked(tmp_path)
    before = published._code()
    monkeypatch.setattr(published, "version", lambda _: "another")
    assert published._code() != before
    await asked(tmp_path)
    assert len(made) == 2
    assert len(list(tmp_path.iterdir())) == 1


async def test_a_part_of_it_is_not_served(tmp_path: Path, made: list[bytes]) -> None:
    await asked(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(TEXT[:1000])
    assert await asked(tmp_path) == TEXT
    assert len(made) == 2


@pytest.mark.parametrize("folder", [None, Path("/proc/nowhere")])
async def test_without_a_place_it_is_made_for_each_life(folder: Path | None, made: list[bytes]) -> None:
    assert await asked(folder) == await asked(folder) == TEXT
    assert len(made) == 2


async def test_several_who_ask_at_once_have_it_made_once(tmp_path: Path, made: list[bytes]) -> None:
    one = Published(tmp_path)
    answers = await asyncio.gather(*(one(REQUEST) for _ in range(5)))
    assert {bytes(answer.body) for answer in answers} == {TEXT}
    assert len(made) == 1
