# SPDX-License-Identifier: MIT
"""A real Podman service with storage of its own and an image of nothing but busybox, for tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest


def podman_in(place: Path, runtime: str | None) -> list[str]:
    """Return the command of a Podman whose storage is in a folder, with the program that runs containers."""
    command = ["podman", "--root", str(place / "root"), "--runroot", str(place / "run"), "--storage-driver"]
    command += [_driver(place), "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
    return [*command, *(["--runtime", runtime] if runtime else [])]


def runc() -> str | None:
    """Return where runc is."""
    return shutil.which("runc", path=os.environ["PATH"] + ":/usr/sbin")


def _driver(place: Path) -> str:
    """Return overlay, which copies no layer, unless the folder lies on one, which the kernel refuses."""
    done = subprocess.run(["stat", "-f", "-c", "%T", place], capture_output=True, text=True, check=True)
    return "vfs" if done.stdout.startswith("overlay") else "overlay"


class Podman:
    """The service; `path` is its socket."""

    def __init__(self, place: Path, runtime: str) -> None:
        self.place = place
        self.path = place / "podman.sock"
        self._runc = runc() if runtime == "runc" else None
        self._own = podman_in(place, self._runc)
        self.service: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to serve. Where control groups are hybrid, crun refuses, so the second hierarchy is hidden from it."""
        script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"'
        unshared = [] if self._runc else ["unshare", "-m", "--propagation", "slave", "sh", "-c", script, "-"]
        settings = self.place / "containers.conf"
        settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n')
        with (self.place / "service.log").open("wb") as log:
            self.service = subprocess.Popen(
                [*unshared, *self._own, "system", "service", "--time", "0", f"unix://{self.path}"],
                stderr=log,
                env={**os.environ, "CONTAINERS_CONF": str(settings)},
            )
        deadline = time.monotonic() + 120
        while not self.path.exists():
            if self.service.poll() is not None or time.monotonic() > deadline:
                raise OSError((self.place / "service.log").read_text() or "podman's service does not listen")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.service is None:
            return
        self.service.kill()
        self.service.wait()
        self.path.unlink(missing_ok=True)

    def image(self, files: Mapping[str, str] = {}, *changes: str) -> str:
        """Import an image with busybox, and these files by path, all executable; return its id.

        `changes` are lines of a Dockerfile.
        """
        busybox = shutil.which("busybox")
        assert busybox is not None
        archive = self.place / "image.tar"
        with tempfile.TemporaryDirectory() as name, tarfile.open(archive, "w") as tar:
            tar.add(busybox, "bin/busybox")
            link = tarfile.TarInfo("bin/sh")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
            for number, (path, text) in enumerate(files.items()):
                file = Path(name) / str(number)
                file.write_text(text)
                file.chmod(0o755)
                tar.add(file, path)
        options = [word for change in changes for word in ("--change", change)]
        return self.call("import", *options, str(archive)).split()[-1]

    def call(self, *arguments: str) -> str:
        command = ["podman", "--remote", "--url", f"unix://{self.path}", *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=300)
        if done.returncode:
            raise OSError(done.stderr.decode())
        return done.stdout.decode()

    def clean(self) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.call("rm", "-f", "-a", "-t", "0")
        self.stop()


@contextlib.contextmanager
def podman_service(*try_run: str, runtime: str = "runc") -> Iterator[Podman]:
    """Yield a Podman that has run a container here, with the options `try_run`; else skip the test."""
    if os.getuid() != 0 or not all(map(shutil.which, ("podman", "busybox", "unshare"))):
        pytest.skip("needs root, podman and busybox")
    place = Path(tempfile.mkdtemp(prefix="decnet-podman-", dir="/tmp"))  # it refuses a longer path to run in
    podman = Podman(place, runtime)
    try:
        try:
            podman.start()
            podman.call("run", "--rm", *try_run, podman.image(), "/bin/sh", "-c", "true")
        except OSError as error:
            pytest.skip(f"podman runs no container here: {error}")
        yield podman
    finally:
        podman.clean()
        shutil.rmtree(place, ignore_errors=True)
