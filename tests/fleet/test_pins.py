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


def test_all_distributions_have_the_version_of_the_workspace_and_need_it_of_each_other() -> None:
    files = [ROOT / "pyproject.toml", *(ROOT / "packages").glob("*/pyproject.toml")]
    projects = [tomllib.loads(path.read_text())["project"] for path in files]
    version = projects[0]["version"]
    assert {project["name"]: project["version"] for project in projects} == {
        project["name"]: version for project in projects
    }
    siblings = {need for project in projects[1:] for need in project["dependencies"] if need.startswith("decnet")}
    assert siblings
    assert {need.partition("==")[2] for need in siblings} == {version}
    assert {LOCKED[project["name"]]["version"] for project in projects} == {version}


def test_our_version_is_above_those_that_others_publish_under_our_name() -> None:
    """The index has an unrelated `decnet` up to 1.2.1, which an installer would prefer to a lower one of ours."""
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"].split(".dev")[0]
    assert tuple(map(int, release.split("."))) >= (2, 0, 0)


def test_pages_name_no_bare_distribution_of_ours_to_an_installer() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")]
    assert len(pages) > 10
    bare = re.compile(r"pip3? install[^\n`]*\sdecnet|pip3? install[^\n`]*['\"]decnet")
    found = [
        f"{page.relative_to(ROOT)}: {line}"
        for page in pages
        for line in page.read_text().splitlines()
        if bare.search(line) and "--no-index" not in line and "--editable" not in line
    ]
    assert found == []
