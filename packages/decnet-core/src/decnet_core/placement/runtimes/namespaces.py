# SPDX-License-Identifier: MIT
"""Network namespaces by name, as ip-netns(8) keeps them: a file that a namespace is mounted on, until it is removed.

A process has one namespace for each of its threads. So what is done in another one is done by a thread of its own that
ends with it: no other code of this process ever runs there by mistake. Sockets that it opened stay in their namespace.
"""

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_NEW_NETWORK = 0x40000000
_BIND, _DETACH = 0x1000, 2

_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces:
    """The named namespaces in a directory whose names begin with `prefix`: those of ours."""

    def __init__(self, directory: Path, prefix: str) -> None:
        self._directory = directory
        self._prefix = prefix

    def names(self) -> list[str]:
        """Return the names without the prefix; also those whose making or removal was cut off."""
        with contextlib.suppress(FileNotFoundError):
            found = (path.name for path in self._directory.iterdir())
            return sorted(name.removeprefix(self._prefix) for name in found if name.startswith(self._prefix))
        return []

    def whole(self, name: str) -> bool:
        """Whether a namespace is mounted there: a file alone is what a kill left."""
        with contextlib.suppress(FileNotFoundError):
            return self.path(name).stat().st_dev != self._directory.stat().st_dev
        return False

    def all_whole(self) -> set[str]:
        """Return the names of those that are mounted."""
        mounts = Path("/proc/thread-self/mountinfo").read_bytes().splitlines()
        beginning = os.fsencode(self._directory.resolve() / self._prefix)
        points = (line.split(b" ")[4] for line in mounts if b" - nsfs " in line)
        return {os.fsdecode(point[len(beginning) :]) for point in points if point.startswith(beginning)}

    def are_seen_by_the_host(self) -> bool:
        """Whether what is mounted here outlives this process and is seen by others."""
        own = Path("/proc/thread-self/mountinfo").read_bytes()
        return not is_slave(own, self._directory.resolve()) or _mounts(own) == _mounts(_of_init())

    def create(self, name: str) -> None:
        """Make a namespace, with nothing in it; raises OSError."""
        path = self.path(name)
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.touch(mode=0o444)
        own_thread(lambda: self._mount_new(path))

    def remove(self, name: str) -> None:
        """Remove a namespace's name; it ends with its last socket. One that is not there is no error."""
        path = self.path(name)
        while _libc.umount2(os.fsencode(path), _DETACH) == 0:  # once for each time it was mounted
            pass
        path.unlink(missing_ok=True)

    def enter(self, name: str, function: Callable[[], T]) -> T:
        """Return what `function` returns when called in the namespace; raises what it raises, OSError if it is gone."""
        with self.opened(name) as descriptor:
            return inside(descriptor, function)

    def enter_each(self, names: Iterable[str], function: Callable[[str], T]) -> dict[str, T | OSError]:
        """Return by name what `function` returns when called in that namespace, or the OSError that it raises.

        One thread goes through all of them: one for each would take longer than most of what is done there.
        """
        return own_thread(lambda: {name: self._visited(name, function) for name in names})

    def _visited(self, name: str, function: Callable[[str], T]) -> T | OSError:
        try:
            with self.opened(name) as descriptor:
                _check(_libc.setns, descriptor, _NEW_NETWORK)
                return function(name)
        except OSError as error:
            return error

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """Yield a descriptor of the namespace."""
        descriptor = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def path(self, name: str) -> Path:
        """Return where the namespace has its name."""
        return self._directory / (self._prefix + name)

    def _mount_new(self, path: Path) -> None:
        _check(_libc.unshare, _NEW_NETWORK)
        _check(_libc.mount, b"/proc/thread-self/ns/net", os.fsencode(path), b"none", ctypes.c_ulong(_BIND), None)


def is_slave(mountinfo: bytes, directory: Path) -> bool:
    """Whether mounts below the directory stay in a file system view of their own (mount_namespaces(7)).

    So it is in a systemd unit that has one, by ProtectSystem= and the like: it ends with the unit. So it also is in a
    container that was booted, where that is the view of its init, and of everybody.
    """
    above = {os.fsencode(each): depth for depth, each in enumerate(reversed([directory, *directory.parents]))}
    deepest, tags = 0, list[bytes]()
    for fields in (line.split(b" ") for line in mountinfo.splitlines()):  # of which each decky is one
        if above.get(fields[4], -1) >= deepest:
            deepest, tags = above[fields[4]], fields[6 : fields.index(b"-", 6)]
    return any(tag.startswith(b"master:") for tag in tags)


def _of_init() -> bytes:
    """Return the mounts that init sees; nothing where it is hidden, as by ProtectProc= of a unit."""
    with contextlib.suppress(OSError):
        return Path("/proc/1/mountinfo").read_bytes()
    return b""


def _mounts(mountinfo: bytes) -> set[bytes]:
    """Return the numbers of the mounts, of which each mount namespace has its own."""
    return {line.partition(b" ")[0] for line in mountinfo.splitlines()}


def inside(descriptor: int, function: Callable[[], T]) -> T:
    """Return what `function` returns when called in the namespace that the descriptor is of."""

    def there() -> T:
        _check(_libc.setns, descriptor, _NEW_NETWORK)
        return function()

    return own_thread(there)


def own_thread(function: Callable[[], T]) -> T:
    """Return what `function` returns in a thread that ends with it; raises what it raises."""
    result: list[T] = []
    error: list[BaseException] = []

    def run() -> None:
        try:
            result.append(function())
        except BaseException as raised:  # raised again below, in the caller's thread
            error.append(raised)

    thread = threading.Thread(target=run, name="namespace")
    thread.start()
    thread.join()
    if error:
        raise error[0]
    return result[0]


def _check(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
