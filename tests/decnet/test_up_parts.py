# SPDX-License-Identifier: MIT
"""The parts of `decnet up` that need no fleet: settings, guide, views."""

from __future__ import annotations

import io
import json
from uuid import UUID

import pytest
from rich.console import Console

from decnet.up.guide import guide_to
from decnet.up.known_sections import refuse_unknown
from decnet.up.screen.live import LiveView
from decnet.up.view import Figures, JsonView, PlainView
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.settings import Settings, SettingsError
from decnet_core.supervise.lifecycle import Status
from decnet_models.events.queries import StoredEvent

HOSTILE = "[bold red]x\x1b]0;t\x07\nfake"
EVENT = StoredEvent(
    7,
    Event(id=UUID(int=1), ts=0, sensor="s", src_ip="192.0.2.1", payload=CommandRun(service="ssh", command=HOSTILE)),
)
GUIDE = guide_to(Settings({}, {}, "none"), ("http://127.77.0.1:8880/token",))
READY = Status("bus", Phase.READY, pid=42)
REFUSED = Status("decoys", Phase.REFUSED, reason="port 2222 of 127.77.0.10 is busy\x1b[2J")


def test_misspelt_section_is_refused() -> None:
    with pytest.raises(SettingsError, match="did you mean 'decoys'"):
        refuse_unknown(Settings({"decoy": {}}, {}, "none"))
    refuse_unknown(Settings({"decoys": {}, "bus": {}, "database": {}, "supervise": {}}, {}, "none"))


def test_guide_says_how_to_reach_every_decky() -> None:
    assert any(hint.startswith("ssh -p 2222 root@127.77.0.10  (password ") for hint in GUIDE.hints())
    assert "curl http://127.77.0.1:8880/token" in GUIDE.hints()


def test_plain_view_prints_one_line_per_thing(capsys: pytest.CaptureFixture[str]) -> None:
    view = PlainView()
    view.changed(READY)
    view.changed(REFUSED)
    view.happened([EVENT])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bus: ready (pid 42)"
    assert r"cannot start (port 2222 of 127.77.0.10 is busy\x1b[2J)" in lines[1]
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_json_view_prints_documents(capsys: pytest.CaptureFixture[str]) -> None:
    view = JsonView()
    view.guide(GUIDE)
    view.changed(REFUSED)
    view.happened([EVENT])
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [document["type"] for document in documents] == ["guide", "worker", "event"]
    assert documents[1]["phase"] == "cannot start"
    assert documents[2]["event"]["payload"]["command"] == HOSTILE


def test_live_view_shows_all_and_interprets_nothing() -> None:
    screen = io.StringIO()
    view = LiveView("title", Console(file=screen, width=160, height=50, force_terminal=False))
    view.guide(GUIDE)
    view.changed(READY)
    view.changed(REFUSED)
    view.measured({"bus": Figures(25 << 20, "-")}, 31 << 20)
    view.happened([EVENT])
    page = io.StringIO()
    Console(file=page, width=160, height=50).print(view.page())
    view.close()
    shown = page.getvalue()
    for text in (
        "127.77.0.10",
        "25.0 MiB",
        "31.0 MiB",
        "cannot start",
        r"$ [bold red]x\x1b]0;t\x07\x0afake",
        "decnet drill",
    ):
        assert text in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(("width", "height"), [(100, 40), (80, 24)])
def test_live_view_keeps_within_the_terminal_and_shows_the_newest_events(width: int, height: int) -> None:
    view = LiveView("title", Console(file=io.StringIO(), width=width, height=height))
    view.guide(GUIDE)
    for name in ("bus", "ingest", "canary", "collect", "decoys", "profiler", "ttp", "webhook"):
        view.changed(Status(name, Phase.READY, pid=4242))
    for _ in range(50):
        view.happened([EVENT] * 10)
    page = io.StringIO()
    Console(file=page, width=width, height=height).print(view.page())
    view.close()
    lines = page.getvalue().splitlines()
    assert len(lines) <= height
    assert sum("session.command" in line for line in lines) >= 5
    assert "Ctrl-C" in lines[-1]
    for whole in ("web-01  debian-web  ssh -p 2222 root@127.77.0.10", "00:00:00  192.0.2.1"):
        assert any(line.startswith(whole) for line in lines), whole
