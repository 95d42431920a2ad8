# SPDX-License-Identifier: MIT
"""What is fetched before or beside uv.lock is pinned to the hashes in it: uv itself, and what builds the wheels."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = {each["name"]: each for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)((?:\s*\\?\s*--hash=\S+)+)", re.MULTILINE)


def pins(file: str) -> dict[str, tuple[str, set[str]]]:
    """Return version and hashes of each requirement in `file`; every line must be part of one, or a comment."""
    text = re.sub(r"^#.*\n", "", (ROOT / ".ci" / file).read_text(), flags=re.MULTILINE)
    found = {match[1]: (match[2], set(re.findall(r"--hash=(\S+)", match[3]))) for match in PINNED.finditer(text)}
    assert not PINNED.sub("", text).strip()
    return found


@pytest.mark.parametrize("file", ["bootstrap.txt", "build-constraints.txt"])
def test_what_is_pinned_beside_the_lock_is_what_the_lock_has(file: str) -> None:
    assert pins(file)
    for name, (version, hashes) in pins(file).items():
        locked = LOCKED[name]
        assert version == locked["version"], name
        known = {wheel["hash"] for wheel in locked["wheels"]} | {locked.get("sdist", {}).get("hash")}
        assert hashes, name
        assert hashes <= known, name


def test_every_build_back_end_is_pinned() -> None:
    projects = [tomllib.loads(path.read_text()) for path in (ROOT / "packages").glob("*/pyproject.toml")]
    needed = {re.split(r"[<>=~!]", each)[0] for project in projects for each in project["build-system"]["requires"]}
    assert needed
    assert needed <= set(pins("build-constraints.txt"))
    assert needed <= set(LOCKED)


def test_nothing_is_built_with_what_the_lock_does_not_have() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    assert settings["no-build-isolation"] is True
    assert "build" in settings["default-groups"]
    assert "--require-hashes -r .ci/bootstrap.txt" in (ROOT / "Makefile").read_text()
