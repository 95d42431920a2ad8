# SPDX-License-Identifier: MIT
"""The live screen at a terminal: what it knows, and what the keys do."""

import sys

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from decnet.show import eventline, noticeline
from decnet.up.guide import Guide
from decnet.up.screen.keyboard import Keyboard
from decnet.up.screen.page import Content, Pane, page
from decnet.up.screen.scroll import Scroll
from decnet.up.view import Figures
from decnet_core.supervise.lifecycle import Status
from decnet_models.events.queries import StoredEvent
from decnet_models.notices.queries import StoredNotice

_PRELIMINARY = frozenset({"connection.opened", "client.identified"})
_MOST_ATTACKERS = 100_000
"""Addresses that are counted; a flood of forged ones must not grow the screen's memory without end."""


class LiveView:
    """Draws the whole page again whenever something changed."""

    is_screen = True

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._console = console or Console()
        self._content = Content(title, Scroll(_alert_text), Scroll(_event_text), Scroll(_event_text))
        self._keyboard: Keyboard | None = None
        self._live = Live(console=self._console, auto_refresh=False, screen=True)
        self._live.start()

    def attend(self) -> None:
        """Take keys from the terminal."""
        if sys.stdin is not None and sys.stdin.isatty():
            self._keyboard = Keyboard(sys.stdin.fileno(), self.pressed)

    def guide(self, guide: Guide) -> None:
        self._content.guide = guide
        self._draw()

    def changed(self, status: Status) -> None:
        self._content.statuses[status.name] = status
        self._draw()

    def happened(self, events: list[StoredEvent]) -> None:
        content = self._content
        content.events.extend(events)
        content.attacks.extend(one for one in events if one.event.kind not in _PRELIMINARY)
        if len(content.attackers) < _MOST_ATTACKERS:
            content.attackers.update(
                one.event.src_ip for one in events if one.event.src_ip and one.event.payload.from_attacker
            )
        self._draw()

    def alerted(self, notices: list[StoredNotice]) -> None:
        self._content.alerts.extend(one for one in notices if noticeline.is_alert(one.notice))
        self._draw()

    def measured(self, figures: dict[str, Figures], total_bytes: int | None) -> None:
        if (figures, total_bytes) != (self._content.figures, self._content.total_bytes):
            self._content.figures, self._content.total_bytes = figures, total_bytes
            self._draw()

    def message(self, text: str) -> None:
        self._content.message = text
        self._draw()

    def pressed(self, key: str) -> None:
        """Do what a key says."""
        if self._content.typing:
            self._typed(key)
        else:
            self._command(key)
        self._draw()

    def close(self) -> None:
        """Leave the page; the terminal shows again what was there before."""
        if self._keyboard is not None:
            self._keyboard.close()
        self._live.stop()
        content = self._content
        if content.message:
            self._console.print(Text(content.message))
        if content.events.count:
            seen = f"seen: {content.events.count} events, {content.alerts.count} alerts; it is kept in {content.title}"
            self._console.print(Text(f"{seen} (`decnet summary`)"))

    def _command(self, key: str) -> None:
        content, room = self._content, max(1, self._console.height - 3)
        moves = {"up": -1, "down": 1, "k": -1, "j": 1, "page up": 1 - room, "page down": room - 1, "home": -(1 << 31)}
        if key in list(Pane):
            content.pane = Pane(key)
        elif key == "/":
            content.typing = True
        elif key == "escape":
            content.wanted = ""
        elif key == "end":
            content.scroll.follow()
        elif key in ("p", " "):
            self._pause()
        elif key in moves:
            content.scroll.move(moves[key], room, content.wanted)

    def _pause(self) -> None:
        content = self._content
        follows = content.scroll.following
        for scroll in (content.alerts, content.attacks, content.events):
            scroll.hold() if follows else scroll.follow()

    def _typed(self, key: str) -> None:
        content = self._content
        if key == "escape":
            content.typing, content.wanted = False, ""
        elif key == "enter":
            content.typing = False
        elif key == "backspace":
            content.wanted = content.wanted[:-1]
        elif len(key) == 1:
            content.wanted += key

    def _draw(self) -> None:
        self._live.update(self.page(), refresh=True)

    def page(self) -> Group:
        return page(self._content, self._console.height)


def _event_text(stored: StoredEvent) -> str:
    return "  ".join(eventline.cells(stored.event))


def _alert_text(stored: StoredNotice) -> str:
    return "  ".join(noticeline.cells(stored.notice))
