# SPDX-License-Identifier: MIT
"""A disk whose power can be cut: ext4 in a loop device, shut down without writing its journal (EXT4_IOC_SHUTDOWN).

What the kernel had not written to the image by then is lost, as it is when the power fails: pages that nobody synced,
and names in directories that are in no committed transaction of the journal. The image is in memory of the kernel, so
the lies that a real disk's cache tells about a flush are no part of this.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN of linux/fs/ext4/ext4.h, a `_IOR` of 32 bits."""
_NO_LOG_FLUSH = 2
_BYTES = 48 << 20
_MOUNT = ["mount", "-o", "loop"]

MISSING = (
    "cutting the power of a disk needs root, to mount it"
    if os.geteuid() != 0
    else ""
    if shutil.which("mkfs.ext4", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    else "cutting the power of a disk needs mkfs.ext4 (e2fsprogs)"
)


class Disk:
    """A mounted file system in a file."""

    def __init__(self, image: Path, place: Path) -> None:
        self._image = image
        self.place = place

    def sync(self) -> None:
        """Let what a test has laid there last."""
        subprocess.run(["sync", "-f", str(self.place)], check=True)

    def cut_power(self) -> None:
        """Lose what is not on the disk, from now on refuse every access."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def mount(self) -> None:
        """Mount the disk, whose journal is replayed then."""
        subprocess.run([*_MOUNT, str(self._image), str(self.place)], check=True, capture_output=True)

    def mount_again(self) -> None:
        """Mount what the disk has, in a copy: another mount namespace may still hold the one that was shut down."""
        copy = self._image.with_suffix(f"{self._image.suffix}.again")
        subprocess.run(["umount", "-l", str(self.place)], check=True)
        subprocess.run(["cp", "--sparse=always", str(self._image), str(copy)], check=True)
        self._image.unlink()
        self._image = copy
        self.mount()

    def crash(self, script: str, *arguments: str, lines: int, chance: random.Random) -> list[str]:
        """Run a Python script that works on the disk, cut the power after it has printed `lines` lines and a while.

        A line tells what is promised to last. Returns those that were printed before; the disk is mounted again.
        """
        command = [sys.executable, "-c", script, str(self.place), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            said = b"".join(process.stdout.readline() for _ in range(lines))
            time.sleep(chance.uniform(0, 0.05))
            os.set_blocking(process.stdout.fileno(), False)
            said += process.stdout.read() or b""
            self.cut_power()
            process.kill()
            complaint = process.stderr.read()
        self.mount_again()
        assert said.count(b"\n") >= lines, complaint.decode()
        return said[: said.rfind(b"\n")].decode().split("\n")


@contextlib.contextmanager
def disk(directory: Path, name: str = "disk") -> Iterator[Disk]:
    """Lend an empty disk that is mounted in `directory` as `name`."""
    image, place = directory / "disk.img", directory / name
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(_BYTES)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, env={**os.environ, "PATH": path})
    made = Disk(image, place)
    made.mount()
    try:
        yield made
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
