# SPDX-License-Identifier: MIT
"""A world as files: `events.jsonl`, one event a line as in a spool, and `truth.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event

EVENTS, TRUTH = "events.jsonl", "truth.json"


class Truth(msgspec.Struct, frozen=True):
    """Who is behind each address."""

    identities: dict[str, str] = {}
    """By address, the actor; an address that is not here is not scored (several actors use it)."""
    campaigns: dict[str, str] = {}
    """By address or actor, the campaign; who is not here acts in none."""
    unscored: list[str] = []
    """Addresses that are not scored as to campaigns, because their campaign is a matter of opinion."""
    populations: dict[str, str] = {}
    """By address, what kind of attacker it is; only for the breakdown of the score."""

    def campaign_truth(self) -> dict[str, str]:
        """Return the campaign of each scored address; an actor without one is a class of its own."""
        left_out = set(self.unscored)
        return {
            address: self.campaigns.get(address) or self.campaigns.get(actor) or f"none: {actor}"
            for address, actor in self.identities.items()
            if address not in left_out
        }


def write(folder: Path, events: Iterable[Event], truth: Truth) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / EVENTS).open("wb") as file:
        file.writelines(encode(event) + b"\n" for event in events)
    (folder / TRUTH).write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1))


def read_truth(folder: Path) -> Truth:
    return msgspec.json.decode((folder / TRUTH).read_bytes(), type=Truth)


def read_events(folder: Path) -> Iterator[Event]:
    """Yield the events in the order of the file; raises BadEventError for a line that is none."""
    with (folder / EVENTS).open("rb") as file:
        for line in file:
            if line.strip():
                yield decode(line.strip())
