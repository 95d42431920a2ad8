# SPDX-License-Identifier: MIT
"""Secret keys of a fleet: files under `<state>/keys`, created by the first process that needs one.

Two processes may need a key at the same moment (a worker starts while the operator mints a token), and a key that
is replaced makes everything signed with it worthless. So a key is written whole to a private file and then linked
to its name: link(2) fails when the name exists, and the loser reads the winner's key.
"""

import os
import secrets
from pathlib import Path

from decnet_core.durable import make_directory, sync_directory, write_all
from decnet_core.errors import CoreError

KEY_BYTES = 32


class KeyFileError(CoreError):
    """A key cannot be read or created; the message names the file and what to do."""


def read_or_create(path: Path) -> bytes:
    """Return the key of KEY_BYTES bytes in `path`, made of fresh random bytes (mode 0600) when there is none.

    Raises KeyFileError for a file that cannot be read or written, or that is not a key.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    try:
        _create(path, secrets.token_bytes(KEY_BYTES))
    except OSError as error:
        raise KeyFileError(f"cannot make key {path}: {error.strerror}") from error
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyFileError(f"cannot read key {path}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path} has {len(key)} bytes, a key has {KEY_BYTES}: restore or remove it")
    return key


def _create(path: Path, key: bytes) -> None:
    """Give `path` the key, unless it exists by then; durable when this returns."""
    make_directory(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, key)
        _give_to_owner_of_directory(descriptor, path.parent)
        os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.close(descriptor)
        draft.unlink()
    sync_directory(path.parent)


def _give_to_owner_of_directory(descriptor: int, directory: Path) -> None:
    """Give a key that root creates for another user's fleet to that user."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
