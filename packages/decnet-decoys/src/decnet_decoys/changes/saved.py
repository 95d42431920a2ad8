# SPDX-License-Identifier: MIT
"""The document of a decky's changes on disk, and its reading and writing."""

import logging
import time
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file

log = logging.getLogger(__name__)


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
    disabled: list[str] = []
    killed: list[int] = []
    rules: list[str] = []


def read(file: Path, persona: str, keep_seconds: float) -> Saved:
    """Return what was saved; nothing if it is of another persona, too old, or damaged, which the log then says.

    It is too old when nothing was changed for `keep_seconds`: one intruder's new password would keep all others out.
    """
    try:
        if time.time() - file.stat().st_mtime >= keep_seconds:
            file.unlink()
            return Saved(persona)
        saved = msgspec.msgpack.decode(file.read_bytes(), type=Saved)
    except FileNotFoundError:
        return Saved(persona)
    except (OSError, msgspec.DecodeError) as error:
        log.warning("what intruders changed cannot be read, the machine is as new: file=%s error=%s", file, error)
        return Saved(persona)
    return saved if saved.persona == persona else Saved(persona)


def write(file: Path, saved: Saved) -> None:
    """Write it so that it survives this process; raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, msgspec.msgpack.encode(saved), 0o600, synced=False)
