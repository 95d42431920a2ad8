# SPDX-License-Identifier: MIT
"""`docs/howto/write-a-rule.md`, word by word: the rule is checked, tags what a decoy records, can be shipped."""

from __future__ import annotations

import re
import shutil

import pytest
from tests.fleet.howto import Workspace, blocks, commands

from decnet.drill.private import free_block, settings_text

pytestmark = pytest.mark.howto

PAGE = "write-a-rule"
CHECK, TEST, UP, ATTACK, SHIP = commands(PAGE)
CHECKED, SHOWN = (block.text for block in blocks(PAGE) if block.language == "text")


def cells(row: str) -> list[str]:
    return re.split(r" {2,}", row)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("rule") / "decnet")
    made.write(PAGE)
    return made


def test_the_rule_passes_the_check(workspace: Workspace) -> None:
    assert workspace.run(CHECK) == CHECKED


def test_the_rule_does_what_it_must_on_the_recorded_events(workspace: Workspace) -> None:
    said = workspace.run(TEST)
    assert "1 files of rules, 0 without recorded events, 0 mistakes\n" in said
    assert "high T1552.001 Bait file downloaded: GET /files/passwords-2026.xlsx" in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page attacks with curl")
def test_the_rule_tags_the_intruder_and_not_the_link_checker(workspace: Workspace) -> None:
    block = free_block()  # a fleet of somebody else's may run on the default addresses
    settings = workspace.root / "decnet.toml"
    settings.write_text(settings_text(block))
    workspace.environment["DECNET_SETTINGS"] = str(settings)
    *requests, show = ATTACK.replace("127.77.0.", f"127.77.{block}.").splitlines()
    technique, name, tags, _time, rule = cells(SHOWN.splitlines()[-1])
    with workspace.fleet(UP):
        workspace.run("\n".join(requests))
        page = workspace.wait_for_output(show, rf"(?m)^{technique} ")
    (row,) = re.findall(rf"^{technique} .*$", page, re.MULTILINE)
    assert [*cells(row)[1:3], cells(row)[4]] == [name, tags, rule]


def test_the_rule_can_be_shipped_with_its_recorded_events(workspace: Workspace) -> None:
    shipped = workspace.root / "packages/decnet-workers/src/decnet_workers/ttp/rules/bait_file.yml"
    shutil.copy(workspace.root / "rules/bait_file.yml", shipped)
    for recording in (workspace.root / "rules").glob("*.jsonl"):
        shutil.copy(recording, workspace.root / "tests/decnet_workers/ttp/recorded")
    workspace.run(SHIP)
