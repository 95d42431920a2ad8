# SPDX-License-Identifier: MIT
"""`docs/howto/write-a-decoy-service.md`, word by word: the service is installed beside DECNET, tested and attacked."""

from __future__ import annotations

import json

import pytest
from tests.fleet.howto import Workspace, blocks, commands

pytestmark = pytest.mark.howto

PAGE = "write-a-decoy-service"
_INSTALL, TEST = commands(PAGE)
(SHOWN,) = (block.text for block in blocks(PAGE) if block.language == "text")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("service") / "decnet")
    made.write(PAGE)
    return made


def test_a_service_is_at_most_three_files() -> None:
    files = [block.file for block in blocks(PAGE) if block.file is not None and block.file.startswith("decnet-echo/")]
    assert len(files) <= 3


def test_the_service_passes_its_own_test(workspace: Workspace) -> None:
    assert "1 passed" in workspace.run(TEST)


def test_up_shows_how_to_reach_it_without_knowing_it(workspace: Workspace) -> None:
    script = (
        "from decnet.up.guide import guide_to; from decnet.up.view import JsonView, PlainView\n"
        "from decnet_core.settings import Settings\n"
        "guide = guide_to(Settings.load(), ()); PlainView().guide(guide); JsonView().guide(guide)"
    )
    *plain, document = workspace.run(f"DECNET_SETTINGS=decnet.toml python -c '{script}'").splitlines()
    assert SHOWN.strip() in plain
    assert "echo hello | nc -N 127.77.0.13 7007" in plain[-1]
    (decky,) = json.loads(document)["deckies"]
    assert decky["services"] == [["ssh", 2222], ["echo", 7007]]
