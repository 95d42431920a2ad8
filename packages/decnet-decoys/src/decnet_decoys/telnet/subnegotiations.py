# SPDX-License-Identifier: MIT
"""What clients put into the longer subnegotiations of Telnet. Sans-IO."""

from collections.abc import Iterator
from typing import Final

_VALUE, _ESCAPE, _LAST_MARK = 1, 2, 3
_LEVEL: Final = 0x03
_ACKNOWLEDGED: Final = 0x80


def environment_of(said: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield names and values (RFC 1572): VAR or USERVAR, a name, VALUE, a value; ESC takes the next byte as it is."""
    fields = [bytearray(), bytearray()]
    field, escaped = 1, False
    for byte in said:
        if escaped or byte > _LAST_MARK:
            fields[field].append(byte)
            escaped = False
        elif byte == _ESCAPE:
            escaped = True
        elif byte == _VALUE:
            field = 1
        else:
            if fields[0]:
                yield bytes(fields[0]), bytes(fields[1])
            fields, field = [bytearray(), bytearray()], 0
    if fields[0]:
        yield bytes(fields[0]), bytes(fields[1])


def acknowledged(said: bytes) -> bytes:
    """Return the special characters of line mode (RFC 1184) that a client set, as the server confirms them."""
    answer = b""
    for at in range(0, len(said) - 2, 3):
        function, flags, value = said[at : at + 3]
        if flags & _LEVEL and not flags & _ACKNOWLEDGED:
            answer += bytes((function, flags | _ACKNOWLEDGED, value)).replace(b"\xff", b"\xff\xff")
    return answer
