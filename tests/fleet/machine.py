# SPDX-License-Identifier: MIT
"""A Debian of its own, booted by its own systemd in a container: shared by the tests of the units.

The root file system is made by debootstrap, or copied from the one that DECNET_DEBIAN_ROOT names. The container has no
network but its own loopback, so that nothing a drill does can leave it.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,openssh-client,curl,ca-certificates,procps,iproute2"
PROGRAMS = ("debootstrap", "systemd-nspawn", "nsenter", "uv")
LOOK_SECONDS = 1.0
"""Between two looks by a command of ours: it takes half a second of processor time from the fleet that is awaited."""
PATH = "/opt/decnet/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def obstacle() -> str | None:
    """Return why no container can be booted here, None when one can."""
    if os.geteuid() != 0:
        return "only root can boot a container"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"no {missing[0]} here; apt-get install debootstrap systemd-container, pip install uv"
    return None


def copy_root(root: Path) -> None:
    """Put there a Debian with the wheels of this tree in /opt/decnet: to make one takes minutes, to copy it seconds."""
    run(["cp", "-a", "--reflink=auto", str(_made_once()), str(root)])


@functools.cache
def _made_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="decnet-debian-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    built = os.environ.get("DECNET_TEST_WHEELS", "")  # by noxfile.py
    wheels = Path(built or folder / "wheels")
    if not built:
        run(["uv", "build", "--quiet", "--all-packages", "--wheel", "--out-dir", str(wheels), str(ROOT)])
    _make(folder / "root", wheels)
    return folder / "root"


def _make(root: Path, wheels: Path) -> None:
    """Make it; needs the network or DECNET_DEBIAN_ROOT."""
    ready = os.environ.get("DECNET_DEBIAN_ROOT", "")
    if ready:
        run(["cp", "-a", "--reflink=auto", ready, str(root)])
        shutil.rmtree(root / "opt/decnet", ignore_errors=True)
    else:
        run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root)])
    run(["chroot", str(root), "/usr/bin/python3", "-m", "venv", "--without-pip", "/opt/decnet"])
    shutil.copytree(wheels, root / "wheels", dirs_exist_ok=True)
    shutil.copy(str(shutil.which("uv")), root / "usr/local/bin/uv")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc/ssl/certs/ca-certificates.crt")
    names = [f"/wheels/{path.name}" for path in sorted(wheels.glob("*.whl"))]
    # Bytecode as pip makes it on the pages: no unit may write there, so each start of a worker compiled all its code.
    install = ["uv", "pip", "install", "--quiet", "--no-cache", "--compile-bytecode"]
    install += ["--python", "/opt/decnet/bin/python", *names]
    environment = {"PATH": "/usr/local/bin:" + PATH, "HOME": "/root", "SSL_CERT_DIR": "/etc/ssl/certs"}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    run(["chroot", str(root), *install], env=environment | proxies)


class Machine:
    """A booted container."""

    def __init__(self, leader: int) -> None:
        self.leader = leader
        """The pid of its init, outside."""

    def run(self, *command: str, check: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program as root inside."""
        return run(
            ["nsenter", "-t", str(self.leader), "--all", "env", "-i", f"PATH={PATH}", "HOME=/root", *command],
            check=check,
            seconds=seconds,
        )

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def until(self, unit: str, name: str, wanted: str, seconds: float = 120) -> None:
        """Wait until a property of a unit is as wanted."""
        deadline = time.monotonic() + seconds
        while (found := self.show(unit, name)) != wanted:
            assert time.monotonic() < deadline, f"{unit}: {name} is {found!r}, not {wanted!r}\n{self.journal(unit)}"
            time.sleep(0.2)

    def journal(self, unit: str) -> str:
        """Return what a unit has said."""
        return self.run("journalctl", "--no-pager", "--unit", unit, check=False).stdout


@contextmanager
def booted(root: Path, name: str = "decnet-test") -> Iterator[Machine]:
    """Boot `root` as a host of this name, give it to the caller, shut it down."""
    command = ["systemd-nspawn", "--quiet", f"--directory={root}", "--boot", "--register=no", "--keep-unit"]
    command += ["--private-network", f"--machine={name}-{os.getpid()}", f"--hostname={name}", "--console=pipe"]
    with (root.parent / "console.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        machine = Machine(_leader(process))
        machine.run("sh", "-c", "until test -S /run/systemd/private; do sleep 0.1; done")
        machine.run("systemctl", "is-system-running", "--wait", check=False)
        yield machine
    finally:
        process.send_signal(signal.SIGTERM)  # an orderly power-off
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _leader(process: subprocess.Popen[bytes]) -> int:
    """Return the pid of the container's init, once it has a name space of its own and runs systemd."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for child in children.read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return int(child)
        time.sleep(0.1)
    raise AssertionError("the container did not boot")


def run(
    command: list[str], *, check: bool = True, seconds: float = 900, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program; an AssertionError tells all that it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, env=env)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
