# SPDX-License-Identifier: MIT
"""The image of the `Containerfile`, built as docs/install.md says, and a Podman with storage of its own to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.fleet.test_sensor_host import ROOT
from tests.podman_service import podman_in, runc

PAGE = (ROOT / "docs" / "install.md").read_text().partition("## A container")[2].partition("\n## ")[0]
RUN = next(line.split() for line in PAGE.splitlines() if line.startswith("podman run "))
NETWORK = f"decnet-image-{os.getpid()}"


@dataclass(frozen=True)
class Podman:
    """Podman with storage of its own, in a network namespace of its own."""

    place: Path

    def __call__(self, *arguments: str, seconds: float = 120) -> str:
        return self.beside(*podman_in(self.place, runc()), *arguments, seconds=seconds)

    def beside(self, *command: str, seconds: float = 120) -> str:
        """Run a program of the host in the same network; return what it printed."""
        done = subprocess.run(
            ["nsenter", f"--net=/run/netns/{NETWORK}", *command],
            capture_output=True, text=True, timeout=seconds, check=False,
            env={**os.environ, "CONTAINERS_CONF": str(self.place / "containers.conf"), "TMPDIR": str(self.place)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def podman() -> Iterator[Podman]:
    place = Path(tempfile.mkdtemp(prefix="decnet-podman-", dir="/tmp"))  # it refuses a longer path to run in
    limits = 'default_ulimits = ["nofile=20000:20000", "nproc=1000:1000"]'
    (place / "containers.conf").write_text(f"[containers]\n{limits}\n")
    subprocess.run(["ip", "netns", "add", NETWORK], check=True)
    made = Podman(place)
    try:
        made.beside("ip", "link", "set", "lo", "up")
        yield made
    finally:
        with suppress(AssertionError):
            made("rm", "--all", "--force", "--time", "0")
        subprocess.run(["ip", "netns", "delete", NETWORK], check=True)
        shutil.rmtree(place, ignore_errors=True)


def build(podman: Podman, wheelhouse: Path) -> str:
    """Build the image as the page says, on a Debian of debootstrap's, and return its tag: no registry is asked."""
    base, context = podman.place / "base", podman.place / "context"
    ready = os.environ.get("DECNET_DEBIAN_ROOT", "")
    if not ready:
        made = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv", "bookworm", str(base)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, timeout=600)
    archive = podman.place / "base.tar"
    omitted = ("proc", "sys", "dev", "var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale")
    pack = ["tar", "-C", ready or str(base), "-cf", str(archive), *(f"--exclude=./{name}/*" for name in omitted), "."]
    subprocess.run(pack, check=True, timeout=300)
    podman("import", "--quiet", str(archive), "localhost/base", seconds=300)
    shutil.copytree(wheelhouse, context / "dist")
    shutil.copy(ROOT / "Containerfile", context)
    built = ["--isolation", "chroot", "--build-arg", "BASE=localhost/base", "--tag", RUN[-1], str(context)]
    podman("build", "--quiet", *built, seconds=600)
    return RUN[-1]
