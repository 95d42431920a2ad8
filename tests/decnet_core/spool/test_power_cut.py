# SPDX-License-Identifier: MIT
"""The power is cut while a spool is written, read and acknowledged: what was promised to last is there, whole."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.power_cut import MISSING, Disk, disk

from decnet_core.events.catalogue import HttpRequest
from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_core.spool.folding import Folding
from decnet_core.spool.positions import START, Position
from decnet_core.spool.quarantine import kept_lines
from decnet_core.spool.reader import SpoolReader, look
from decnet_core.spool.settings import FoldingSettings, SpoolSettings
from decnet_core.spool.writer import SpoolWriter

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

MakeEvent = Callable[..., Event]
CUTS = range(4)
SMALL = SpoolSettings(segment_bytes=4096, quota_bytes=8 << 20)

EVENTS = """
import itertools, sys
from pathlib import Path
from decnet_core.events.catalogue import CommandRun, HttpRequest
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of
from decnet_core.spool.settings import FoldingSettings, SpoolSettings
from decnet_core.spool.writer import SpoolWriter
root = Path(sys.argv[1])

def make_event(number):
    payload = CommandRun(service="ssh", command=f"{number} uname -a")
    return Event(id=uuid7_of(number, str(number).encode()), ts=number, sensor="s", payload=payload)

spool = SpoolWriter(root / "spool" / "decoys", SpoolSettings(segment_bytes=4096, quota_bytes=8 << 20))
"""

WRITE = (
    EVENTS
    + """
for number in itertools.count():
    spool.append(make_event(number))
    if number % 7 == 6:
        spool.sync()
        print(number, flush=True)
"""
)

READ = (
    EVENTS
    + """
from decnet_core.spool.positions import START
from decnet_core.spool.reader import SpoolReader
reader, position, read = SpoolReader(root / "spool" / "decoys", "ingest"), START, 0
for number in itertools.count():
    spool.append(make_event(number))
    if number % 7 == 6:
        batch = reader.read(position)
        position, read = batch.next, read + len(batch.lines)
        reader.acknowledge(position)  # as one that has stored its results, whatever the disk has of the spool itself
        print(position.segment, position.offset, read, flush=True)
"""
)

FOLD = (
    EVENTS
    + """
from decnet_core.events.codec import encode
from decnet_core.spool.folding import Folding
folding = Folding(root / "spool" / "decoys", FoldingSettings(burst_bytes=0, bytes_per_second=1))
for number in itertools.count(1):
    payload = HttpRequest(method="GET", target=f"/{number}", status=404)
    known = {"sensor": "s", "src_ip": "192.0.2.1", "decky": "web-01"}
    event = Event(id=uuid7_of(number, b""), ts=number, payload=payload, **known)
    assert folding.takes(event, encode(event), 0.0)
    if number % 7 == 0:
        folding.sync(spool)
        print(number, flush=True)
"""
)

QUARANTINE = """
import itertools, sys
from pathlib import Path
from decnet_core.spool.quarantine import Quarantine
kept = Quarantine(Path(sys.argv[1]) / "quarantine", max_bytes=1 << 20)
for number in itertools.count():
    kept.put("no event", "decoys", f"line {number}".encode())
    kept.sync()
    print(number, flush=True)
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


def numbers_in(directory: Path, position: Position = START) -> list[int]:
    found = look(directory, position, 1 << 20, 1 << 30)
    assert not found.missing
    return [decode(line).ts for line in found.lines]


@pytest.mark.parametrize("seed", CUTS)
def test_every_event_that_was_synced_is_there_and_each_is_whole(struck: Disk, seed: int, make_event: MakeEvent) -> None:
    chance = random.Random(seed)
    said = struck.crash(WRITE, lines=chance.randrange(1, 60), chance=chance)
    directory = struck.place / "spool" / "decoys"
    found = numbers_in(directory)
    assert found == list(range(len(found)))
    assert len(found) > int(said[-1])
    writer = SpoolWriter(directory, SMALL)
    writer.append(make_event(len(found)))
    writer.close()
    assert numbers_in(directory) == list(range(len(found) + 1))


@pytest.mark.parametrize("seed", CUTS)
def test_an_acknowledgement_lasts_and_never_comes_to_mean_other_bytes(
    struck: Disk, seed: int, make_event: MakeEvent
) -> None:
    """What a reader has acknowledged may be lost from the spool; what is written then comes after that position."""
    chance = random.Random(seed)
    segment, offset, _ = map(int, struck.crash(READ, lines=chance.randrange(1, 60), chance=chance)[-1].split())
    directory = struck.place / "spool" / "decoys"
    writer = SpoolWriter(directory, SMALL)
    reader = SpoolReader(directory, "ingest")
    assert reader.acknowledged() >= Position(segment, offset)
    left = numbers_in(directory, reader.acknowledged())
    for number in range(1 << 20, (1 << 20) + 100):
        writer.append(make_event(number))
    assert numbers_in(directory, reader.acknowledged()) == [*left, *range(1 << 20, (1 << 20) + 100)]
    writer.close()


@pytest.mark.parametrize("seed", CUTS)
def test_repeats_that_were_synced_are_counted(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = struck.crash(FOLD, lines=chance.randrange(1, 60), chance=chance)
    folding = Folding(struck.place / "spool" / "decoys", FoldingSettings())
    (folded,) = folding.left_behind()
    folding.close()
    assert isinstance(folded.payload, HttpRequest)
    assert folded.payload.occurrences >= int(said[-1])


@pytest.mark.parametrize("seed", CUTS)
def test_what_was_quarantined_is_there(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = struck.crash(QUARANTINE, lines=chance.randrange(1, 60), chance=chance)
    kept = [line.line for _, line in kept_lines(struck.place / "quarantine")]
    assert kept[: len(said)] == [f"line {number}" for number in range(len(said))]
