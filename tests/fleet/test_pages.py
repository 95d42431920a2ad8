# SPDX-License-Identifier: MIT
"""The pages for people: every link leads somewhere, every command and option exists, every settings sample is good."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.configuration.values import shapes
from decnet.manual.programs import COMMON, Command, Parameter, programs
from decnet_core.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("packages/*/README.md")],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PROGRAM = re.compile(r"(?:^|[\s;&|(/])(decnet(?:-[a-z]+)*(?: [^;&|`)#\n]*)?)")
_OTHERS = {f"decnet-{name}" for name in ["echo", "core", "models", "decoys", "swarm", "workers", "name"]}
"""What begins as our programs do, and is none."""


@pytest.fixture(scope="module")
def known() -> dict[str, Command]:
    return {program.name: program for program in programs()}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    text = _FENCE.sub("", page.read_text())
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title).strip()) for title in plain}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), link
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), link


def typed(name: str) -> Iterator[str]:
    """Yield the command lines of ours on a page."""
    text = (ROOT / name).read_text()
    for language, block in _FENCE.findall(text):
        if language in ("sh", "text", ""):
            for line in block.replace("\\\n", " ").splitlines():
                yield from _PROGRAM.findall(line.partition("  #")[0])
    for code in _CODE.findall(_FENCE.sub("", text)):
        if code.startswith(("decnet", ".venv/bin/decnet")):
            yield from _PROGRAM.findall(code)


def problem(line: str, known: dict[str, Command]) -> str:
    """Return what is wrong with a command line; empty if nothing is."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    command = known.get(words[0])
    if command is None:
        return "" if words[0] in _OTHERS or words[0].endswith("-") else f"there is no program {words[0]}"
    plain = Parameter(("--help", "--version"), "", takes_value=False)
    options = {name: one for one in (*command.parameters, *COMMON, plain) for name in one.names}
    rest = iter(words[1:])
    for word in rest:
        below = {each.name.rpartition(" ")[2]: each for each in command.commands}
        if word.partition("=")[0].startswith("--"):
            option = word.partition("=")[0].rstrip(",.")
            if option not in options:
                return f"{command.name} has no option {option}"
            if options[option].takes_value and "=" not in word:
                next(rest, None)
        elif any(part in below for part in word.split("|")):
            command = next(below[part] for part in word.split("|") if part in below)
            options |= {name: one for one in command.parameters for name in one.names}
        elif words[0] == "decnet" and command is known["decnet"] and re.fullmatch("[a-z][a-z-]+", word):
            return f"there is no {command.name} {word}"
    return ""


@pytest.mark.parametrize("name", [name for name in NAMES if name != "CHANGELOG.md"])
def test_every_command_on_the_page_exists(name: str, known: dict[str, Command]) -> None:
    found = {line: said for line in typed(name) if (said := problem(line, known))}
    assert found == {}


def test_a_command_that_does_not_exist_is_noticed(known: dict[str, Command]) -> None:
    assert problem("decnet atacker 1.2.3.4", known)
    assert problem("decnet attackers --no-such", known)
    assert problem("decnet-nothing", known)
    assert not problem("decnet canary new 'x' --json", known)


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_of_settings_is_good(name: str) -> None:
    known = shapes()
    for language, block in _FENCE.findall((ROOT / name).read_text()):
        if language != "toml":
            continue
        document = tomllib.loads(block)
        settings = Settings(document, {}, name)
        for section in document.keys() & known.keys():
            settings.section(section, known[section])
