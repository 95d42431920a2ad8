# SPDX-License-Identifier: MIT
"""A shortcut (MS-SHLLINK) whose icon is at a host name of ours."""

import struct
import uuid

from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind

_CLASS = uuid.UUID("00021401-0000-0000-c000-000000000046")
_HAS_RELATIVE_PATH, _HAS_ICON_LOCATION, _IS_UNICODE = 0x08, 0x40, 0x80
_FILE_ATTRIBUTE_NORMAL, _SHOW_NORMAL = 0x80, 1


def _make(token: Token) -> Bait:
    flags = _HAS_RELATIVE_PATH | _HAS_ICON_LOCATION | _IS_UNICODE
    header = struct.pack("<I16sII", 0x4C, _CLASS.bytes_le, flags, _FILE_ATTRIBUTE_NORMAL)
    header += bytes(24) + struct.pack("<IiIHHII", 0, 0, _SHOW_NORMAL, 0, 0, 0, 0)
    strings = _text(".\\passwords.xlsx") + _text(f"\\\\{token.host}\\icons\\excel.ico")
    return Bait(header + strings + bytes(4), "passwords.lnk", "application/x-ms-shortcut")


def _text(value: str) -> bytes:
    """Return a StringData structure (§2.4): characters, not terminated."""
    return struct.pack("<H", len(value)) + value.encode("utf-16-le")


KIND = Kind(
    SlugKind.DNS,
    _make,
    trips="Explorer that shows the folder with the shortcut: it fetches the icon",
    reveals="the address of the resolver and the time",
)
