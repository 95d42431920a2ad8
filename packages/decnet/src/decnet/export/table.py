# SPDX-License-Identifier: MIT
"""CSV: one row per finding."""

from collections.abc import Iterable, Iterator
from itertools import islice

from decnet.export.identifiers import rfc3339
from decnet.show.documents import csv_rows
from decnet_models.ttp.queries import Tag
from decnet_workers.ttp.attack import technique

HEADING = (
    "time", "attacker", "technique", "name", "tactics", "level", "rule", "rule_id", "decky", "session", "event",
)  # fmt: skip
_CHUNK = 1000


def table(tags: Iterator[Tag]) -> Iterator[str]:
    """Yield the text of a table with its heading."""
    yield csv_rows([HEADING])
    while chunk := list(islice(tags, _CHUNK)):
        yield csv_rows(_rows(chunk))


def _rows(tags: Iterable[Tag]) -> Iterator[tuple[str, ...]]:
    for tag in tags:
        known = technique(tag.technique)
        name, tactics = (known.name, " ".join(known.tactics)) if known else ("", "")
        yield (
            rfc3339(tag.ts), tag.attacker, tag.technique, name, tactics, tag.level, tag.title, str(tag.rule_id),
            tag.decky or "", tag.session or "", str(tag.event_id),
        )  # fmt: skip
