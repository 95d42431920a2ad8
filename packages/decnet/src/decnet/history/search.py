# SPDX-License-Identifier: MIT
"""Finds the events in which words occur, by the index of the worker history and in the log beyond its position."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from decnet.history.selection import Selection
from decnet.history.tally import WORKER
from decnet_models.events import queries
from decnet_models.events.queries import StoredEvent
from decnet_models.history import index
from decnet_models.history.words import texts, words_in
from decnet_models.progress.queries import cursor_of

_PAGE = 500
_CHUNKS = 32
"""Chunks of the index that are asked at once."""


def search(connection: Connection, text: str, selection: Selection, limit: int) -> list[StoredEvent]:
    """Return the newest `limit` events that are selected and contain every part of `text`, oldest of them first.

    Parts are what stands between blanks; upper and lower case are the same. The index finds words and their
    beginnings, so `shadow` and `/etc/sha` find /etc/shadow, and `hadow` does not.
    """
    wanted = text.casefold().split()
    found: list[StoredEvent] = []
    for page in _candidates(connection, words_in(text), selection):
        found += (one for one in page if selection.includes(one) and _contains(one, wanted))
        if len(found) >= limit:
            break
    return found[:limit][::-1]


def _candidates(connection: Connection, words: Sequence[str], selection: Selection) -> Iterator[list[StoredEvent]]:
    """Yield what may be meant, newest first."""
    chunks = index.chunks(connection)
    indexed = cursor_of(connection, WORKER) if chunks else 0
    before: int | None = None
    while page := queries.recent(connection, _PAGE, before=before):
        yield [one for one in page if one.seq > indexed]
        before = page[-1].seq
        if before <= indexed:
            break
    for end in range(len(chunks), 0, -_CHUNKS):
        seqs = index.events_with(connection, words, chunks[max(0, end - _CHUNKS) : end])
        for start in range(0, len(seqs), _PAGE):
            yield queries.selected(
                connection,
                seqs[start : start + _PAGE],
                selection.window,
                kinds=selection.kinds,
                attacker=selection.attacker,
                decky=selection.decky,
            )


def _contains(stored: StoredEvent, wanted: Sequence[str]) -> bool:
    text = "\n".join(texts(stored.event)).casefold()
    return all(part in text for part in wanted)
