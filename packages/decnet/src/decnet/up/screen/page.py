# SPDX-License-Identifier: MIT
"""What the live screen of `decnet up` shows, cut to the terminal: alerts and attacks first, then what has room.

Cells are rich `Text`, never markup: what attackers send is not interpreted (law 9).
"""

import enum
from collections.abc import Iterable, Mapping

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from decnet.show import eventline, noticeline
from decnet.show.times import size
from decnet.up.guide import Guide
from decnet.up.screen.scroll import Scroll
from decnet.up.view import Figures
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status
from decnet_core.text import for_terminal
from decnet_decoys.fleet import reach
from decnet_models.events.queries import StoredEvent
from decnet_models.notices.queries import StoredNotice

_STYLES = {
    Phase.READY: "green",
    Phase.REFUSED: "red",
    Phase.CRASH_LOOP: "red",
    Phase.STOPPED: "dim",
    Phase.PARKED: "dim",
}
_TROUBLES = (Phase.REFUSED, Phase.CRASH_LOOP, Phase.WAITING)
_MOST_TROUBLES = 3
_KEYS = "Ctrl-C stops  1 overview 2 alerts 3 events 4 workers 5 deckies  / find  p pause"


class Pane(enum.StrEnum):
    """What the screen shows; the values are the keys."""

    OVERVIEW = "1"
    ALERTS = "2"
    EVENTS = "3"
    WORKERS = "4"
    DECKIES = "5"


class Content(msgspec.Struct):
    """All that is known of the fleet."""

    title: str
    alerts: Scroll[StoredNotice]
    attacks: Scroll[StoredEvent]
    """Without what says only that somebody connected, and with which client."""
    events: Scroll[StoredEvent]
    statuses: dict[str, Status] = {}
    figures: Mapping[str, Figures] = {}
    total_bytes: int | None = None
    attackers: set[str] = set()
    guide: Guide | None = None
    message: str = ""
    pane: Pane = Pane.OVERVIEW
    wanted: str = ""
    """Only lines with this text are shown."""
    typing: bool = False
    """Whether `wanted` is being typed."""

    @property
    def scroll(self) -> Scroll[StoredNotice] | Scroll[StoredEvent]:
        """What the arrow keys move."""
        if self.pane is Pane.ALERTS:
            return self.alerts
        return self.events if self.pane is Pane.EVENTS else self.attacks


def page(content: Content, height: int) -> Group:
    """Return the whole screen of so many lines."""
    above: list[Text | Table] = [_heading(content), *_dashboard(content), *_troubles(content.statuses.values())]
    room = height - len(above) - 1
    if content.pane is Pane.WORKERS:
        body: list[Text | Table] = [_workers(content)]
    elif content.pane is Pane.DECKIES:
        body = _reach(content.guide, room)
    elif content.pane is Pane.ALERTS:
        body = [_alerts(content, room - 1)]
    elif content.pane is Pane.EVENTS:
        body = [_events(content.events, content.wanted, room - 1)]
    else:
        body = _overview(content, room, height)
    return Group(*above, *body, _footer(content))


def _overview(content: Content, room: int, height: int) -> list[Text | Table]:
    least = max(10, height // 2)  # for what happens
    below: list[Text | Table] = []
    guide = content.guide
    if guide is not None:
        taken = 1 + len(guide.deckies) + len(guide.canaries)
        if room - taken >= least:
            below.append(_deckies(guide))
            room -= taken
        hints = guide.hints()[: max(0, room - least)]
        below += [_line(f"try: {hint}", "cyan") for hint in hints]
        room -= len(hints)
    if room - 1 - len(content.statuses) >= least:
        below.append(_workers(content))
        room -= 1 + len(content.statuses)
    happened: list[Text | Table] = []
    shown = content.alerts.shown(max(1, room // 2 - 1), content.wanted)
    if shown:
        happened.append(_alerts(content, len(shown)))
        room -= 1 + len(shown)
    return [*happened, _events(content.attacks, content.wanted, room - 1), *below]


def _heading(content: Content) -> Text:
    phases = [status.phase for status in content.statuses.values()]
    counts = {"ready": phases.count(Phase.READY), "parked": phases.count(Phase.PARKED)}
    others = len(phases) - sum(counts.values())
    states = [f"{count} {word}" for word, count in {**counts, "not ready": others}.items() if count]
    parts = [
        "DECNET",
        _many(content.alerts.count, "alert"),
        _many(len(content.attackers), "attacker"),
        f"workers: {', '.join(states) or 'starting'}",
        size(content.total_bytes) if content.total_bytes else "",
        content.title,
    ]
    return _line("  ".join(filter(None, parts)), "bold")


def _dashboard(content: Content) -> list[Text]:
    """Return its address alone on a line, so that a link fits into 80 columns and can be copied whole."""
    address = content.guide.dashboard if content.guide else ""
    return [_line(address, "cyan")] if address else []


def _troubles(statuses: Iterable[Status]) -> list[Text]:
    found = [status for status in statuses if status.phase in _TROUBLES]
    return [
        _line(f"{status.name} {status.phase.value}: {for_terminal(status.reason, 200)}", "red")
        for status in found[:_MOST_TROUBLES]
    ]


def _footer(content: Content) -> Text:
    scroll = content.scroll
    if content.typing:
        return _line(f"find: {content.wanted}_   (Enter keeps it, Escape shows all)", "bold")
    parts = [
        "" if scroll.following else f"held, {scroll.newer(content.wanted)} newer: p or End goes on",
        f"only {content.wanted!r}" if content.wanted else "",
        content.message,
    ]
    said = "   ".join(filter(None, parts))
    return _line(f"{said}   Ctrl-C stops" if said else _KEYS, "bold" if said else "dim")


def _alerts(content: Content, lines: int) -> Table:
    table = _table("UTC", "attacker", "decky", "alert")
    for stored in content.alerts.shown(lines, content.wanted):
        table.add_row(*(_line(cell, "yellow") for cell in noticeline.cells(stored.notice)))
    return table


def _events(scroll: Scroll[StoredEvent], wanted: str, lines: int) -> Table:
    table = _table("UTC", "source", "decky", "kind", "what")
    for stored in scroll.shown(lines, wanted):
        table.add_row(*(_line(cell) for cell in eventline.cells(stored.event)))
    return table


def _workers(content: Content) -> Table:
    table = _table("worker", "state", "pid", "PSS", "restarts", "lag", "reason")
    for status in content.statuses.values():
        figures = content.figures.get(status.name)
        memory = size(figures.memory_bytes) if figures and figures.memory_bytes else "-"
        table.add_row(
            status.name,
            Text(status.phase.value, style=_STYLES.get(status.phase, "yellow")),
            str(status.pid or "-"),
            memory,
            str(status.restarts),
            figures.lag if figures else "-",
            _line(for_terminal(status.reason, 200)),
        )
    return table


def _reach(guide: Guide | None, room: int) -> list[Text | Table]:
    if guide is None:
        return []
    hints = [_line(f"try: {hint}", "cyan") for hint in guide.hints()]
    return [_deckies(guide), *hints[: max(0, room - 1 - len(guide.deckies) - len(guide.canaries))]]


def _deckies(guide: Guide) -> Table:
    table = _table("decky", "persona", "reach it by")
    for decky in guide.deckies:
        table.add_row(decky.name, decky.persona, _line("   ".join(reach(decky))))
    for canary in guide.canaries:
        table.add_row("canary", "token", _line(canary))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, expand=False, header_style="dim")
    *names, last = headings
    for heading in names:
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    table.add_column(last, overflow="ellipsis")  # rich narrows this one first; its cells are lines and do not wrap
    return table


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _many(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
