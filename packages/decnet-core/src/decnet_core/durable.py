# SPDX-License-Identifier: MIT
"""Files that are the old one or the new one after any crash, never half of either.

No link is followed to a file that is written: who can plant one in the directory must not choose what is overwritten.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(path: Path, content: bytes, mode: int = 0o640, *, synced: bool = True) -> None:
    """Make `content` what `path` holds, durably: write beside it, fsync, rename, fsync the directory.

    Without `synced` the disk is not waited for, for what is worth nothing after a power cut. One process at a time may
    replace a given path. Raises OSError; `path` then still holds what it held.
    """
    with opened_directory(path.parent) as directory:
        beside = path.name + ".new"
        with contextlib.suppress(FileNotFoundError):  # left by a crash, or planted
            os.unlink(beside, dir_fd=directory)
        descriptor = os.open(beside, _FRESH, mode, dir_fd=directory)
        try:
            os.fchmod(descriptor, mode)  # the umask of a hardened unit must not lock the other workers out
            write_all(descriptor, content)
            if synced:
                os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(beside, dir_fd=directory)  # what did not fit on the disk is not to keep it full
            raise
        finally:
            os.close(descriptor)
        os.replace(beside, path.name, src_dir_fd=directory, dst_dir_fd=directory)
        if synced:
            os.fsync(directory)


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Return what differs once `replace_file` has replaced `path`; None while there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


@contextlib.contextmanager
def opened_directory(directory: Path, flags: int = 0) -> Iterator[int]:
    """Hold a descriptor of `directory`. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes | memoryview) -> None:
    """Write all of `content`; raises OSError when the disk takes only a part."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_directory(directory: Path) -> None:
    """Make names created, renamed or removed in `directory` durable."""
    with opened_directory(directory) as descriptor:
        os.fsync(descriptor)


def make_directory(directory: Path, mode: int = 0o770) -> None:
    """Make `directory` with exactly `mode`, whatever the umask; one that exists is left as it is."""
    try:
        directory.mkdir()
    except FileExistsError:
        return
    except FileNotFoundError:
        make_directory(directory.parent, mode)
        make_directory(directory, mode)
        return
    with opened_directory(directory, os.O_NOFOLLOW) as descriptor:
        os.fchmod(descriptor, mode)
