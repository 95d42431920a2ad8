# SPDX-License-Identifier: MIT
"""A terminal's bytes as keys: characters, and names for what escape sequences stand for (xterm, VT100)."""

from decnet_decoys.shell.encoding import decode

MAX_KEYS = 256
"""Bytes of keys that are handled between two yields."""
MAX_SEQUENCE = 8
_SEQUENCES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
    "[H": "home", "[F": "end", "OH": "home", "OF": "end", "[1~": "home", "[4~": "end", "[3~": "delete",
    "[5~": "page up", "[6~": "page down",
}  # fmt: skip


class KeyReader:
    """Turns bytes into keys; a sequence that is cut is completed by the next bytes, or is Escape and what follows."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, data: bytes) -> list[str]:
        """Return the keys: single characters, "escape", or a name as "up"."""
        text = decode(self._rest + data[:MAX_KEYS])
        self._rest = b""
        keys: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                keys.append(text[at])
                at += 1
                continue
            name, size = _sequence(text[at + 1 : at + 1 + MAX_SEQUENCE])
            keys.append(name)
            at += 1 + size
        return keys


def _sequence(text: str) -> tuple[str, int]:
    """Return the key that follows an Escape and its length; Escape itself where none does."""
    for size in (2, 3):
        if text[:size] in _SEQUENCES:
            return _SEQUENCES[text[:size]], size
    return "escape", 0
