# SPDX-License-Identifier: MIT
"""The index of words: in which events of the log a word occurs.

The log is divided into chunks of 8,192 events. A row has the places of one word in one chunk, as far as they were
indexed together. Chunks come first in the key, so rows are appended at its end. A search asks for its words in some
chunks at a time, newest first, until it has enough.

FTS5 and tsvector would be two implementations with different ideas of a word. FTS5 can delete without a copy of the
text only from SQLite 3.43 on, and both spread each batch over the whole index.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from sys import byteorder

from sqlalchemy import Connection, delete, func, select

from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.history.tables import search_word

CHUNK = 8192
_WORD_LIMIT = 0x10FFFF

_INSERT = RowInsert(search_word, ("chunk", "word", "first", "places"))


def add_words(connection: Connection, words: Mapping[int, Iterable[str]]) -> None:
    """Add the words of events by their numbers, which come after all that were added before."""
    places: dict[tuple[int, str], list[int]] = {}
    for seq in sorted(words):
        chunk, place = divmod(seq, CHUNK)
        for word in words[seq]:
            places.setdefault((chunk, word), []).append(place)
    rows = [(chunk, word, chunk * CHUNK + found[0], _packed(found)) for (chunk, word), found in sorted(places.items())]
    _INSERT.execute(connection, rows)


def chunks(connection: Connection) -> range:
    """Return the numbers of the chunks that are indexed."""
    first, last = (connection.execute(select(end(search_word.c.chunk))).scalar() for end in (func.min, func.max))
    return range(0) if first is None or last is None else range(first, last + 1)


def events_with(connection: Connection, words: Iterable[str], chunks: Sequence[int]) -> list[int]:
    """Return the numbers of the events in some chunks that have all words or words that begin so, newest first."""
    found: set[int] | None = None
    for word in sorted(set(words), key=len, reverse=True):
        with_word = _with_word(connection, word, chunks)
        found = with_word if found is None else found & with_word
        if not found:
            break
    return sorted(found or (), reverse=True)


def forget_before(connection: Connection, seq: int, limit: int) -> int:
    """Delete up to `limit` chunks of which no event is in the log any more, the oldest; return how many rows."""
    c = search_word.c
    oldest = connection.execute(select(func.min(c.chunk))).scalar()
    if oldest is None or oldest >= seq // CHUNK:
        return 0
    end = min(seq // CHUNK, oldest + limit)
    return connection.execute(delete(search_word).where(c.chunk >= oldest, c.chunk < end)).rowcount


def _with_word(connection: Connection, word: str, chunks: Sequence[int]) -> set[int]:
    c = search_word.c
    beginning = (c.word >= word) & (c.word < word + chr(_WORD_LIMIT))
    query = select(c.chunk, c.places).where(c.chunk.in_(chunks), beginning)
    return {chunk * CHUNK + place for chunk, places in connection.execute(query) for place in _unpacked(places)}


def _packed(places: Iterable[int]) -> bytes:
    return _little_endian(array("H", places)).tobytes()


def _unpacked(stored: bytes) -> "array[int]":
    places = array("H")
    places.frombytes(stored)
    return _little_endian(places)


def _little_endian(numbers: "array[int]") -> "array[int]":
    if byteorder == "big":
        numbers.byteswap()
    return numbers
