# SPDX-License-Identifier: MIT
"""The Journal Export Format of systemd (systemd.io/JOURNAL_EXPORT_FORMATS): bytes in, entries out, in bounded memory.

An entry is a list of fields, each `NAME=value` or `NAME`, a 64-bit little-endian length and the value; an empty line
ends it. Unlike journalctl's JSON it has every value complete and unchanged, and a message cannot forge its end.
"""

from decnet_sniff.errors import SniffError

MAX_VALUE_BYTES = 1 << 16
_MAX_LINE_BYTES = 1 << 20
_MAX_FIELDS = 256


class ExportError(SniffError, ValueError):
    """The bytes are not this format."""


Entry = dict[str, bytes]


class ExportParser:
    """Entries as they are completed; values are truncated to MAX_VALUE_BYTES, fields beyond 256 are dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._entry: Entry = {}
        self._name: str | None = None
        """The field whose binary value is being received."""
        self._value = bytearray()
        self._length = 0
        self._left = 0
        """Bytes of that value, and of the line feed after it, still to come."""

    def feed(self, data: bytes) -> list[Entry]:
        """Return the entries that `data` completes; raises ExportError."""
        self._buffer += data
        entries: list[Entry] = []
        position = 0
        while True:
            if self._name is not None:
                position = self._binary(position)
                if self._name is not None:
                    break
            end = self._buffer.find(b"\n", position)
            if end < 0:
                break
            line = bytes(self._buffer[position:end])
            if not line or b"=" in line:
                position = end + 1
                self._text(line, entries)
                continue
            if len(self._buffer) < end + 9:
                break
            self._begin(line, int.from_bytes(self._buffer[end + 1 : end + 9], "little"))
            position = end + 9
        del self._buffer[:position]
        if len(self._buffer) > _MAX_LINE_BYTES:
            raise ExportError("a line without end")
        return entries

    def _text(self, line: bytes, entries: list[Entry]) -> None:
        if not line:
            if self._entry:
                entries.append(self._entry)
            self._entry = {}
            return
        name, _, value = line.partition(b"=")
        self._keep(name.decode("ascii", "replace"), value[:MAX_VALUE_BYTES])

    def _begin(self, name: bytes, length: int) -> None:
        if length >= 1 << 40:
            raise ExportError("a field of impossible length")
        self._name = name.decode("ascii", "replace")
        self._length, self._left = length, length + 1
        self._value.clear()

    def _binary(self, position: int) -> int:
        """Consume what is there of the binary value; return where the rest begins."""
        piece = self._buffer[position : position + self._left]
        self._left -= len(piece)
        if not self._left and piece[-1:] != b"\n":
            raise ExportError("a field does not end where it says")
        self._value += piece[: MAX_VALUE_BYTES + 1 - len(self._value)]
        if not self._left:
            self._keep(str(self._name), bytes(self._value[: min(self._length, MAX_VALUE_BYTES)]))
            self._name = None
        return position + len(piece)

    def _keep(self, name: str, value: bytes) -> None:
        """Store a field's first value; it may occur more than once."""
        if len(self._entry) < _MAX_FIELDS:
            self._entry.setdefault(name, value)
