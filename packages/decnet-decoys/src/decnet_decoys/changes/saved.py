# SPDX-License-Identifier: MIT
"""The document of a decky's changes on disk, and its reading and writing."""

import logging
import posixpath
import time
from pathlib import Path
from typing import Any

import msgspec

from decnet_core.durable import replace_file

log = logging.getLogger(__name__)

_CHARACTERS = {0xD800 + index: 0x10F800 + index for index in range(2048)}
"""Private characters for surrogates, which msgpack has not: bytes that are no UTF-8 (`shell.encoding`)."""
_BYTES = {character: surrogate for surrogate, character in _CHARACTERS.items()}
_MARK = b"\xf4\x8f"
"""How each of those private characters begins."""
LATEST = (1 << 35) - 1
"""Unix time in seconds that a file can have."""
MODE_BITS = (1 << 16) - 1
"""Permissions, and above them what chattr has set (`shell.machine.tree`)."""
_LARGEST = 1 << 40
"""Bytes of a program."""


class SavedEntry(msgspec.Struct, array_like=True, frozen=True):
    """A file, directory or link that was made or changed, or one that is gone."""

    path: str
    kind: str
    """As `shell.machine.tree.Entry` has it; empty: gone."""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    content: bytes = b""
    target: str = ""
    program: tuple[int, str] | None = None
    """Size and seed of what `content` is the head of: a copied program."""


class Account(msgspec.Struct):
    """An account as an intruder left it, and which session did."""

    password: str | None = None
    """None: no password lets anybody in."""
    password_by: str = ""
    """Empty: the password is as the persona has it."""
    keys: dict[str, str] = {}
    """The public keys (base64) that let somebody in, each with the session that planted it."""


class Saved(msgspec.Struct):
    persona: str = ""
    accounts: dict[str, Account] = {}
    secrets: dict[str, str] = {}
    """Passwords by the hashes that stand for them in /etc/shadow."""
    entries: list[SavedEntry] = []
    stopped: list[str] = []
    """Services, and what follows as `shell.machine.condition` has it."""
    started: list[str] = []
    killed: list[int] = []
    rules: list[str] = []
    mounts: list[tuple[str, str, str, str]] = []
    held: list[str] = []
    hostname: str = ""
    databases: bytes = b""
    """What a database server holds, as it writes it."""


def read(file: Path, persona: str, keep_seconds: float) -> Saved:
    """Return what was saved; nothing if it is of another persona, too old, or damaged, which the log then says.

    It is too old when nothing was changed for `keep_seconds`: one intruder's new password would keep all others out.
    """
    try:
        if time.time() - file.stat().st_mtime >= keep_seconds:
            file.unlink()
            return Saved(persona)
        data = file.read_bytes()
        saved = msgspec.msgpack.decode(data, type=Saved)
        if _MARK in data:
            saved = msgspec.convert(_translated(_plain(saved), _BYTES), Saved)
    except FileNotFoundError:
        return Saved(persona)
    except (OSError, UnicodeError, msgspec.DecodeError) as error:
        return _as_new(file, persona, str(error))
    if not all(map(_is_sound, saved.entries)):
        return _as_new(file, persona, "a file in it cannot be")
    return saved if saved.persona == persona else Saved(persona)


def _as_new(file: Path, persona: str, error: str) -> Saved:
    log.warning("what intruders changed cannot be read, the machine is as new: file=%s error=%s", file, error)
    return Saved(persona)


def write(file: Path, saved: Saved) -> None:
    """Write it so that it survives this process; raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        data = msgspec.msgpack.encode(saved)
    except UnicodeEncodeError:
        data = msgspec.msgpack.encode(_translated(_plain(saved), _CHARACTERS))
    replace_file(file, data, 0o600, synced=False)


def _is_sound(one: SavedEntry) -> bool:
    """Return whether a machine can have such a file."""
    numbers = (one.mode & ~MODE_BITS, one.uid >> 32, one.gid >> 32, one.mtime >> LATEST.bit_length())
    in_place = (
        one.path[:1] == "/" != one.path[1:2] and posixpath.normpath(one.path) == one.path and "\0" not in one.path
    )
    sized = one.program is None or len(one.content) <= one.program[0] < _LARGEST
    kinds = ("dir",) if one.path == "/" else ("", "file", "dir", "link", "device", "pipe")
    return in_place and not any(numbers) and sized and one.kind in kinds


def _plain(saved: Saved) -> Any:
    return msgspec.to_builtins(saved, builtin_types=(bytes,))


def _translated(value: Any, table: dict[int, int]) -> Any:
    """Return a document's values with the characters of all its texts translated."""
    if isinstance(value, str):
        return value.translate(table)
    if isinstance(value, dict):
        return {_translated(key, table): _translated(one, table) for key, one in value.items()}
    return [_translated(one, table) for one in value] if isinstance(value, list | tuple) else value
