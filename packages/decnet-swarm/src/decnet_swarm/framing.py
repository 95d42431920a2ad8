# SPDX-License-Identifier: MIT
"""Frames of syslog on a stream: octet counting (RFC 5425 §4.3, RFC 6587 §3.4.1), and lines from peers that use those.

`MSG-LEN SP SYSLOG-MSG`: the length says where a message ends, so it may hold any byte. Senders that were not told so
end each message with a line feed (RFC 6587 §3.4.2); the first byte of a connection tells which of the two it is.
"""

from decnet_core.events.codec import MAX_LINE_BYTES

MAX_MESSAGE_BYTES = MAX_LINE_BYTES + 4096
"""The longest event with its header."""
_DIGITS = b"0123456789"


def frame(message: bytes) -> bytes:
    """Return `message`, which must not be empty, as one octet-counted frame."""
    return b"%d %b" % (len(message), message)


class Deframer:
    """Splits a stream into messages, whatever pieces it arrives in; holds less than one message and one piece.

    `broken` says why the stream cannot be followed any further; until then it is empty.
    """

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES, *, lines: bool = False) -> None:
        """With `lines`, a stream that does not begin with a digit has one message a line."""
        self.broken = ""
        self._max_bytes = max_bytes
        self._by_line: bool | None = None if lines else False
        self._held = bytearray()
        self._searched = 0

    @property
    def held(self) -> int:
        """How many bytes of an unfinished message are held."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that `data` completes, in order; none once the stream is broken."""
        if self.broken or not data:
            return []
        if self._by_line is None:
            self._by_line = data[0] not in _DIGITS
        self._held += data
        return self._take_lines() if self._by_line else self._take_counted()

    def finish(self) -> list[bytes]:
        """Return the last message of a stream of lines that ended without a line feed; sets `broken` for half a frame.

        Call it when the stream has ended.
        """
        rest = bytes(self._held)
        self._held.clear()
        if not rest or self.broken:
            return []
        if self._by_line:
            return [rest]
        self.broken = "the stream ended within a message"
        return []

    def _take_counted(self) -> list[bytes]:
        found: list[bytes] = []
        at, held = 0, self._held
        while at < len(held):
            blank = held.find(b" ", at, at + len(str(self._max_bytes)) + 1)
            size = self._size(at, blank)
            if size is None or blank + 1 + size > len(held):
                break
            at = blank + 1 + size
            found.append(bytes(memoryview(held)[blank + 1 : at]))
        del held[:at]
        if self.broken:
            held.clear()
        return found

    def _size(self, at: int, blank: int) -> int | None:
        """Return the length that stands at `at`; None when it is not whole yet, or is no length."""
        digits = self._held[at:blank] if blank >= 0 else self._held[at : at + len(str(self._max_bytes)) + 1]
        if not digits.isdigit() or digits[0] == ord("0"):
            self.broken = "no message length where one must be"
            return None
        if len(digits) > len(str(self._max_bytes)) or int(digits) > self._max_bytes:
            self.broken = f"a message of more than {self._max_bytes} bytes"
            return None
        return int(digits) if blank >= 0 else None

    def _take_lines(self) -> list[bytes]:
        held = self._held
        end = held.rfind(b"\n", self._searched)
        self._searched = len(held)
        found: list[bytes] = []
        if end >= 0:
            found = [line for line in bytes(memoryview(held)[:end]).split(b"\n") if line]
            del held[: end + 1]
            self._searched = len(held)
        for place, line in enumerate(found):
            if len(line) > self._max_bytes:
                found = found[:place]
                self._break_overlong()
                break
        if len(held) > self._max_bytes:
            self._break_overlong()
        return found

    def _break_overlong(self) -> None:
        self.broken = f"a message of more than {self._max_bytes} bytes"
        self._held.clear()
