# SPDX-License-Identifier: MIT
"""The live screen of `decnet up` on a terminal of 80 columns and 24 lines: what it shows, and what its keys do."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import sys
import termios
from collections.abc import Iterator
from uuid import UUID

import pytest
from rich.console import Console

from decnet.show import noticeline
from decnet.up.guide import guide_to
from decnet.up.screen.keyboard import keys
from decnet.up.screen.live import LiveView
from decnet.up.screen.scroll import KEPT, Scroll
from decnet_core.events.catalogue import CommandRun, ConnectionOpened
from decnet_core.events.envelope import Event
from decnet_core.events.notices import (
    AttackerObserved,
    CanaryTriggered,
    CredentialCaptured,
    Notice,
    TechniqueTagged,
    notice_kind,
)
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.settings import Settings
from decnet_core.supervise.lifecycle import Status
from decnet_models.events.queries import StoredEvent
from decnet_models.notices.queries import StoredNotice

WORKERS = ("bus", "ingest", "canary", "clusterer", "collect", "decoys", "mutate", "profiler", "reconciler", "ttp")
TOKEN = CanaryTriggered(ts=0, attacker="192.0.2.9", token="t" * 24, label="payroll share\x1b[2J", channel="http")
TAGGED = TechniqueTagged(
    ts=0, attacker="192.0.2.9", technique="T1003.008", rule="r", title="Password hashes read", level="high",
    decky="web-01", action="cat /etc/shadow",
)  # fmt: skip


def command(number: int) -> StoredEvent:
    payload = CommandRun(service="ssh", command=f"command {number}")
    return StoredEvent(number, Event(id=UUID(int=1), ts=0, sensor="s", src_ip="192.0.2.1", payload=payload))


def stored(notice: Notice) -> StoredNotice:
    return StoredNotice(1, "k", notice_kind(notice), notice, 0)


@pytest.fixture
def view() -> Iterator[LiveView]:
    view = LiveView("/var/lib/decnet", Console(file=io.StringIO(), width=80, height=24))
    view.guide(guide_to(Settings({}, {}, "none"), ()))
    for name in WORKERS:
        view.changed(Status(name, Phase.READY, pid=4242))
    yield view
    view.close()


def lines(view: LiveView) -> list[str]:
    page = io.StringIO()
    Console(file=page, width=80, height=24).print(view.page())
    shown = page.getvalue().splitlines()
    assert len(shown) <= 24
    assert all(len(line) <= 80 for line in shown)
    assert "\x1b" not in page.getvalue()
    return shown


def commands(view: LiveView) -> list[int]:
    return [int(line.rpartition("$ command ")[2]) for line in lines(view) if "$ command" in line]


def test_alerts_and_attacks_come_first_and_have_most_of_the_room(view: LiveView) -> None:
    view.happened([command(number) for number in range(40)])
    view.alerted([stored(TOKEN), stored(TAGGED)] * 10)
    shown = lines(view)
    assert shown[0].startswith("DECNET  20 alerts  1 attacker  workers: 10 ready")
    first = next(number for number, line in enumerate(shown) if "canary token used: payroll share" in line)
    assert first <= 2
    assert any("T1003.008 Password hashes read: cat /etc/shad" in line for line in shown)
    assert sum("session.command" in line or "192.0.2.9" in line for line in shown) >= 10
    assert "Ctrl-C stops" in shown[-1]


def test_what_cannot_start_is_said_above_everything_else(view: LiveView) -> None:
    view.changed(Status("decoys", Phase.REFUSED, reason="port 2222 of 127.77.0.10 is busy"))
    shown = lines(view)
    assert "9 ready, 1 not ready" in shown[0]
    assert shown[1] == "decoys cannot start: port 2222 of 127.77.0.10 is busy"


def test_who_merely_connected_is_shown_among_all_events_only(view: LiveView) -> None:
    opened = ConnectionOpened(service="ssh")
    view.happened([StoredEvent(1, Event(id=UUID(int=1), ts=0, sensor="s", src_ip="192.0.2.1", payload=opened))])
    assert not any("connection.opened" in line for line in lines(view))
    view.pressed("3")
    assert any("connection.opened" in line for line in lines(view))


def test_keys_choose_what_is_shown(view: LiveView) -> None:
    view.happened([command(1)])
    view.alerted([stored(TOKEN)])
    view.pressed("4")
    assert all(any(line.startswith(name) for line in lines(view)) for name in WORKERS)
    view.pressed("5")
    assert any(line.endswith("drill") for line in lines(view))
    view.pressed("2")
    assert any("payroll" in line for line in lines(view))
    assert commands(view) == []
    view.pressed("1")
    assert commands(view) == [1]


def test_a_pause_holds_the_lines_and_counts_the_newer_ones(view: LiveView) -> None:
    view.happened([command(number) for number in range(5)])
    view.pressed("p")
    view.happened([command(number) for number in range(5, 12)])
    assert commands(view) == [0, 1, 2, 3, 4]
    assert "held, 7 newer" in lines(view)[-1]
    view.pressed("p")
    assert commands(view)[-1] == 11


def test_arrows_scroll_back_and_the_end_follows_again(view: LiveView) -> None:
    view.happened([command(number) for number in range(100)])
    view.pressed("3")
    room = len(commands(view))
    view.pressed("up")
    view.pressed("page up")
    assert commands(view)[-1] == 99 - 1 - (24 - 3 - 1)
    view.pressed("home")
    assert commands(view)[0] == 0
    assert len(commands(view)) == room
    view.pressed("down")
    assert commands(view)[0] == 1
    view.pressed("end")
    assert commands(view)[-1] == 99


def test_lines_are_found_by_what_is_typed(view: LiveView) -> None:
    view.happened([command(number) for number in range(100)])
    for key in ("/", *"COMMAND 7x", "backspace"):
        view.pressed(key)
    assert lines(view)[-1].startswith("find: COMMAND 7_")
    view.pressed("enter")
    assert set(commands(view)) <= {7, *range(70, 80)}
    assert "only 'COMMAND 7'" in lines(view)[-1]
    view.pressed("escape")
    assert commands(view)[-1] == 99


def test_a_list_keeps_a_bounded_number_of_lines() -> None:
    scroll: Scroll[int] = Scroll(str)
    scroll.hold()
    scroll.extend(range(3 * KEPT))
    assert scroll.count == 3 * KEPT
    assert len(scroll.shown(10 * KEPT)) <= KEPT
    scroll.follow()
    assert scroll.shown(2) == [3 * KEPT - 2, 3 * KEPT - 1]


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (TOKEN, True),
        (TAGGED, True),
        (AttackerObserved(ts=0, attacker="192.0.2.1"), False),
        (CredentialCaptured(ts=0, attacker="192.0.2.1", service="ssh", username="root", accepted=True), True),
        (CredentialCaptured(ts=0, attacker="192.0.2.1", service="ssh", username="root"), False),
    ],
)
def test_what_is_an_alert(notice: Notice, expected: bool) -> None:
    assert noticeline.is_alert(notice) is expected
    assert all(cell.isprintable() for cell in noticeline.cells(notice))


def test_keys_are_read_from_what_a_terminal_sends() -> None:
    assert keys(b"1p\x1b[A\x1b[6~\x1b[F/\x7f\r\x1b") == [
        "1", "p", "up", "page down", "end", "/", "backspace", "enter", "escape",
    ]  # fmt: skip
    assert keys(b"\xff\x00\x1b[200~") == []


async def test_keys_typed_at_a_terminal_arrive_and_the_terminal_is_left_as_it_was(
    view: LiveView, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with open(theirs, encoding="utf-8") as terminal:  # noqa: ASYNC230, PTH123  # a descriptor
        monkeypatch.setattr(sys, "stdin", terminal)
        view.attend()
        assert termios.tcgetattr(theirs) != before
        view.happened([command(7)])
        os.write(ours, b"4")
        async with asyncio.timeout(120):
            while not any(line.startswith("profiler") for line in lines(view)):
                await asyncio.sleep(0.01)
        view.close()
        assert termios.tcgetattr(theirs) == before
    os.close(ours)
