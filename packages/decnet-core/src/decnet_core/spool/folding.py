# SPDX-License-Identifier: MIT
"""Keeps one source from filling the disk: beyond a rate its repeats are counted, not written one by one.

The first events of a source, decky and kind are written whole, as long as its allowance lasts. Further ones are folded
(`decnet_core.events.folding`) until the window ends, then one event stands for all that were alike. What is folded
survives the death of the process as an event in the spool does: each repeat is a short line in a journal beside the
segments, and whoever opens the spool next writes the events of the last window. A folded event has the id of its first,
so writing it twice is writing it once. There are two journals: the next window uses the other one, and the events of
the last are in its own until the disk has them in the spool.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_core.events.folding import Fold, Key, Values, key_of, values_of
from decnet_core.net.rates import SourceRates
from decnet_core.spool.settings import FoldingSettings
from decnet_core.spool.writer import SpoolWriter

log = logging.getLogger(__name__)

JOURNALS = ("folding.0", "folding.1")
MAX_FOLDS = 1024
"""Folds of one window; with one more it ends early."""
JOURNAL_BYTES = 4 << 20
"""A window ends early when its journal has grown to this."""
SMALL_EVENT = 1024
"""Bytes that the smallest event costs: it takes as much in the database."""
LOSSY_SECONDS = 1.0
"""A window in which a fold has more different values than it can keep ends this early."""

_encode = msgspec.json.encode


class _Repeat(msgspec.Struct, frozen=True, array_like=True):
    """A line of the journal: one more event of a fold, which is known by its number in the journal."""

    fold: int
    ts: int
    size: int
    values: Values


_repeat_decoder = msgspec.json.Decoder(_Repeat)


class Folding:
    """The folds of one worker, with their journal in its spool's `directory`; for one thread, except `sync`."""

    def __init__(self, directory: Path, settings: FoldingSettings, *, sync_each: bool = False) -> None:
        """Open the journals; raises OSError. `sync_each`: wait for the disk with every event."""
        self._settings = settings
        self._sync_each = sync_each
        self._rates = SourceRates(settings.bytes_per_second, settings.burst_bytes)
        self._folds: dict[Key, tuple[int, Fold]] = {}
        self._journals: list[int] = []
        self._current = 0
        self._written = 0
        self._numbered = 0
        """Folds that the current journal has."""
        self._window = 0
        self._durable_window = 0
        """All before this one are in the spool for good."""
        self._began = 0.0
        self._lossy = False
        self._full = False
        self._counts: dict[str, float] = {"events_folded": 0, "folds_written": 0, "values_not_kept": 0}
        try:
            for name in JOURNALS:
                self._journals.append(_open(directory / name))
        except OSError:
            self.close()
            raise

    def counters(self) -> dict[str, float]:
        """Return how many events were folded into how many, how often values were not kept, and what waits now."""
        return {**self._counts, "folds_open": len(self._folds)}

    def left_behind(self) -> list[Event]:
        """Return the events of the window that a killed predecessor did not end; `clear` when the disk has them."""
        found: list[Event] = []
        for journal in self._journals:
            os.lseek(journal, 0, os.SEEK_SET)
            with os.fdopen(os.dup(journal), "rb") as lines:
                folds: list[Fold] = []
                for line in lines:
                    _replay(line, folds)
            found += [fold.event() for fold in folds if fold.count]
        return found

    def clear(self) -> None:
        """Empty the journals: the disk has all of their events in the spool."""
        for journal in self._journals:
            os.ftruncate(journal, 0)
        self._written = self._numbered = 0

    def takes(self, event: Event, line: bytes, now: float) -> bool:
        """Fold `event`, which is encoded in `line`, or return False when it is to be written whole.

        `now`: seconds of the monotonic clock. When this returns True, the event survives the death of the process.
        """
        key = key_of(event)
        if key is None or (key not in self._folds and self._allows(event, len(line), now)):
            return False
        return self._fold(key, event, line, now)

    def _allows(self, event: Event, size: int, now: float) -> bool:
        cost = max(size, SMALL_EVENT)
        return self._rates.allows(f"{event.src_ip}|{event.decky}|{event.kind}", now, cost)

    def _fold(self, key: Key, event: Event, line: bytes, now: float) -> bool:
        number, fold = self._folds.get(key, (self._numbered, None))
        values = values_of(event.payload)  # type: ignore[arg-type]  # that has a key is repeatable
        repeat = _encode(_Repeat(number, event.ts, len(line), values))
        if not self._write(repeat if fold is not None else line + b"\n" + repeat):
            return False
        if fold is None:
            if not self._folds:
                self._began = now
            fold = Fold(event)
            self._numbered += 1
            self._folds[key] = number, fold
        fold.add(event.ts, len(line), values)
        self._lossy = self._lossy or fold.lossy
        self._full = self._full or fold.full
        self._counts["events_folded"] += 1
        return True

    def _write(self, lines: bytes) -> bool:
        try:
            whole = os.write(self._journals[self._current], lines + b"\n") == len(lines) + 1
            if not whole:
                os.ftruncate(self._journals[self._current], self._written)
            elif self._sync_each:
                os.fsync(self._journals[self._current])
        except OSError:
            return False
        if whole:
            self._written += len(lines) + 1
        return whole

    @property
    def open(self) -> bool:
        """Whether something is folded and not written."""
        return bool(self._folds)

    def ends_in(self, now: float) -> float | None:
        """Return in how many seconds the window is to be ended, None when nothing is folded."""
        if not self._folds:
            return None
        if self._full or len(self._folds) >= MAX_FOLDS or self._written >= JOURNAL_BYTES:
            return 0.0
        seconds = min(LOSSY_SECONDS, self._settings.window_seconds) if self._lossy else self._settings.window_seconds
        return max(0.0, self._began + seconds - now)

    def folded(self) -> Iterator[Event]:
        """Yield the events of the window; `forget` when they are written."""
        for _, fold in self._folds.values():
            yield fold.event()

    def forget(self) -> None:
        """Begin a new window: the events of the last are written."""
        self._counts["folds_written"] += len(self._folds)
        self._counts["values_not_kept"] += sum(fold.lossy for _, fold in self._folds.values())
        self._folds.clear()
        self._lossy = self._full = False
        if self._durable_window >= self._window:  # else this journal continues: the other may still be needed
            self._current = 1 - self._current
            os.ftruncate(self._journals[self._current], 0)
            self._written = self._numbered = 0
        self._window += 1

    def sync(self, spool: SpoolWriter) -> None:
        """Wait until the disk has the journal and the spool; meant for a thread."""
        window = self._window
        if self._folds:
            os.fsync(self._journals[self._current])
        spool.sync()
        self._durable_window = window

    def close(self) -> None:
        for journal in self._journals:
            os.close(journal)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)


def _replay(line: bytes, folds: list[Fold]) -> None:
    """Add a line of the journal to the folds; the last may be torn, and its event was answered to nobody."""
    try:
        if line.startswith(b"{"):
            folds.append(Fold(decode(line)))
        else:
            repeat = _repeat_decoder.decode(line)
            folds[repeat.fold].add(repeat.ts, repeat.size, repeat.values)
    except (BadEventError, msgspec.DecodeError, IndexError):
        log.warning("a line of the journal of folded events is torn: skipped")
