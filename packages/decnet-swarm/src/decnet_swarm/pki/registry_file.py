# SPDX-License-Identifier: MIT
"""The registry on disk: one file that is replaced whole, and a lock for whoever changes it.

The operator's command and the listener's signing child may change it at the same moment: each reads, changes and writes
while it holds the lock, so neither undoes what the other did. Who only reads needs no lock.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from decnet_swarm.errors import SwarmError
from decnet_swarm.pki import files
from decnet_swarm.pki.acting_owner import acting_as_owner
from decnet_swarm.pki.sensor_registry import Registry, RegistryRefusal

FILE = "registry.json"
LOCK = "registry.lock"

T = TypeVar("T")


class RegistryError(SwarmError):
    """The registry cannot be read or written; the message names the file."""


def load(folder: Path) -> Registry:
    """Return the registry in `folder`, an empty one where there is none; raises RegistryError."""
    path = folder / FILE
    try:
        with acting_as_owner(folder):
            return msgspec.json.decode(path.read_bytes(), type=Registry)
    except FileNotFoundError:
        return Registry()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path} cannot be read: {error}") from error


def change(folder: Path, step: Callable[[Registry], tuple[Registry | RegistryRefusal, T]]) -> T | RegistryRefusal:
    """Replace the registry by what `step` makes of it, and return the other thing that `step` returns.

    When `step` returns a RegistryRefusal nothing is written, and that is returned. Raises RegistryError.
    """
    try:
        with acting_as_owner(folder), _locked(folder):
            after, result = step(load(folder))
            if isinstance(after, RegistryRefusal):
                return after
            files.write(folder / FILE, msgspec.json.format(msgspec.json.encode(after), indent=1))
            return result
    except OSError as error:
        raise RegistryError(f"{folder / FILE} cannot be written: {error.strerror}") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
