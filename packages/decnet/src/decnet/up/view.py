# SPDX-License-Identifier: MIT
"""The interface of a view of a running fleet, and the two views for pipes: text and JSON lines."""

from typing import Protocol

import msgspec

from decnet.show import documents, eventline
from decnet.up.guide import Guide
from decnet.up.lines import JsonLines, PlainLines, print_json, print_line
from decnet_core.supervise.lifecycle import Status
from decnet_decoys.fleet import reach
from decnet_models.events.queries import StoredEvent
from decnet_models.notices.queries import StoredNotice


class Figures(msgspec.Struct, frozen=True):
    """What is measured about a worker while it runs."""

    memory_bytes: int | None
    """PSS: pages shared by forked workers are divided among them, so that the sum is the total."""
    lag: str


class View(Protocol):
    """Shows a fleet; all methods return at once."""

    is_screen: bool
    """Whether it shows alerts, too, and figures that must be measured repeatedly."""

    def attend(self) -> None:
        """Listen to the operator, within the running event loop."""
        ...

    def guide(self, guide: Guide) -> None:
        """Show what there is to attack."""
        ...

    def changed(self, status: Status) -> None:
        """A worker's state changed."""
        ...

    def happened(self, events: list[StoredEvent]) -> None:
        """Events were committed."""
        ...

    def alerted(self, notices: list[StoredNotice]) -> None:
        """Notices were committed."""
        ...

    def measured(self, figures: dict[str, Figures], total_bytes: int | None) -> None:
        """Show new figures of all workers, and the memory of the whole fleet."""
        ...

    def message(self, text: str) -> None:
        """Show a message to the operator."""
        ...

    def close(self) -> None:
        """Restore the terminal."""
        ...


class PlainView(PlainLines):
    """One line per change and event."""

    is_screen = False

    def attend(self) -> None:
        """Nothing: it has no keys."""

    def guide(self, guide: Guide) -> None:
        if guide.dashboard:
            print_line(f"dashboard {guide.dashboard}")
        for decky in guide.deckies:
            print_line(f"decky {decky.name} ({decky.persona}): {', '.join(reach(decky))}")
        for canary in guide.canaries:
            print_line(f"canary {canary}")
        print_line(f"try: {' | '.join(guide.hints())}")

    def happened(self, events: list[StoredEvent]) -> None:
        for stored in events:
            print_line(eventline.line(stored.event))

    def alerted(self, notices: list[StoredNotice]) -> None:
        """Nothing: the events say the same."""

    def measured(self, figures: dict[str, Figures], total_bytes: int | None) -> None:
        """Nothing: it wants no figures."""

    def close(self) -> None:
        """Nothing was changed."""


class JsonView(JsonLines):
    """One JSON object per line; `type` is guide, worker, event or message."""

    is_screen = False

    def attend(self) -> None:
        """Nothing: it has no keys."""

    def guide(self, guide: Guide) -> None:
        print_json({"type": "guide", **msgspec.to_builtins(guide)})

    def happened(self, events: list[StoredEvent]) -> None:
        for stored in events:
            print_json({"type": "event", "event": msgspec.Raw(documents.event_line(stored).encode())})

    def alerted(self, notices: list[StoredNotice]) -> None:
        """Nothing: the events say the same."""

    def measured(self, figures: dict[str, Figures], total_bytes: int | None) -> None:
        """Nothing: it wants no figures."""

    def close(self) -> None:
        """Nothing was changed."""
