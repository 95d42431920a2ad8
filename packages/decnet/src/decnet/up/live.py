# SPDX-License-Identifier: MIT
"""The live table at a terminal. Cells are rich `Text`, never markup: what attackers send is not interpreted (law 9)."""

from collections import deque

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from decnet.show import eventline
from decnet.show.times import size
from decnet.up.guide import Guide
from decnet.up.view import Figures
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status
from decnet_core.text import for_terminal
from decnet_decoys.fleet import reach
from decnet_models.events.queries import StoredEvent

_STYLES = {
    Phase.READY: "green",
    Phase.REFUSED: "red",
    Phase.CRASH_LOOP: "red",
    Phase.STOPPED: "dim",
    Phase.PARKED: "dim",
}
_EVENTS_KEPT = 200
_FEWEST_EVENT_LINES = 5
_FRAME_LINES = 5
"""The title, the headings of the three tables, and the line at the bottom."""


class LiveView:
    """Draws the whole page again whenever something changed."""

    wants_figures = True

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._title = title
        self._console = console or Console()
        self._statuses: dict[str, Status] = {}
        self._figures: dict[str, Figures] = {}
        self._events: deque[StoredEvent] = deque(maxlen=_EVENTS_KEPT)
        self._guide: Guide | None = None
        self._message = ""
        self._live = Live(console=self._console, auto_refresh=False, screen=True)
        self._live.start()

    def guide(self, guide: Guide) -> None:
        self._guide = guide
        self._draw()

    def changed(self, status: Status) -> None:
        self._statuses[status.name] = status
        self._draw()

    def happened(self, events: list[StoredEvent]) -> None:
        self._events.extend(events)
        self._draw()

    def measured(self, figures: dict[str, Figures]) -> None:
        if figures != self._figures:
            self._figures = figures
            self._draw()

    def message(self, text: str) -> None:
        self._message = text
        self._draw()

    def close(self) -> None:
        """Leave the page; the terminal shows again what was there before."""
        self._live.stop()
        if self._message:
            self._console.print(Text(self._message))

    def _draw(self) -> None:
        self._live.update(self.page(), refresh=True)

    def page(self) -> Group:
        parts: list[Text | Table] = [self._heading(), self._workers()]
        room = self._console.height - len(self._statuses) - _FRAME_LINES
        hints: list[str] = []
        if self._guide is not None:
            parts.append(self._deckies(self._guide))
            room -= len(self._guide.deckies) + len(self._guide.canaries)
            hints = self._guide.hints()[: max(0, room - _FEWEST_EVENT_LINES)]  # a small terminal shows what happens
        parts.append(self._event_table(max(_FEWEST_EVENT_LINES, room - len(hints))))
        parts += [_line(f"try: {hint}", "cyan") for hint in hints]
        parts.append(Text(self._message or "Ctrl-C stops the fleet", style="dim"))
        return Group(*parts)

    def _heading(self) -> Text:
        taken = sum(figures.memory_bytes or 0 for figures in self._figures.values())
        return _line(f"{self._title}   workers take {size(taken)}" if taken else self._title, "bold")

    def _workers(self) -> Table:
        table = _table("worker", "state", "pid", "PSS", "restarts", "lag", "reason")
        for status in self._statuses.values():
            figures = self._figures.get(status.name)
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

    def _deckies(self, guide: Guide) -> Table:
        table = _table("decky", "persona", "reach it by")
        for decky in guide.deckies:
            table.add_row(decky.name, decky.persona, _line("   ".join(reach(decky))))
        for canary in guide.canaries:
            table.add_row("canary", "token", _line(canary))
        return table

    def _event_table(self, lines: int) -> Table:
        table = _table("time", "source", "decky", "kind", "what")
        for stored in list(self._events)[-lines:]:
            table.add_row(*(_line(cell) for cell in eventline.cells(stored.event)))
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
