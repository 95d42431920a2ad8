# SPDX-License-Identifier: MIT
"""What intruders type, run by a decoy's shell and by a Debian 12 beside it: how many answers are alike.

`python benchmarks/realism_shell.py [--commands FILE ...] [--differences] [--json]`, as root, with debootstrap and a
mirror of Debian (`nox -s realism`). The root file system is made once, below /tmp. Each command has a copy of its own
of it (overlayfs), in namespaces without a network, and 10 s; the decoy's has a machine of its own. The kernel is that
of this machine: no command may set its clock, restart it, load a module, or write to /sys or to more of /proc/sys than
a namespace has of its own.
The commands are in shell_commands/01.txt, which says how each is compared; those in the other lists were written
without a look at the shell, and each list is counted apart: what is alike there is nearer to what an intruder finds.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec

from decnet_decoys.personas.catalog import persona
from decnet_decoys.personas.siblings import Identity, sibling
from decnet_decoys.shell.effects import Pause, Print
from decnet_decoys.shell.environment.origin import Origin
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.files.host_key_files import put_host_keys
from decnet_decoys.shell.machine.image import build
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.shown_network import shown_network
from decnet_decoys.shell.state import ShellState

COMMANDS = Path(__file__).parent / "shell_commands/01.txt"
LISTS = sorted(COMMANDS.parent.glob("*.txt"))
ROOT = Path(os.environ.get("DECNET_DEBIAN_ROOT", "/tmp/decnet-debian-12"))
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    "adduser,bc,binutils,bind9-dnsutils,bind9-host,bsdextrautils,bsdutils,busybox,bzip2,ca-certificates,cron,curl,dbus,dmidecode,"
    "e2fsprogs,fdisk,file,inetutils-telnet,init-system-helpers,iproute2,iptables,iputils-ping,kmod,less,locales,login,"
    "logrotate,lsof,man-db,nano,ncurses-term,net-tools,netcat-traditional,openssh-server,passwd,pciutils,perl,procps,"
    "psmisc,python3,rsync,sudo,systemd,systemd-sysv,sysvinit-utils,traceroute,util-linux,vim-tiny,wget,xxd,xz-utils"
)
HOST = "web-01"
PERSONA = "debian-web"
SECONDS = 10
MOST_BYTES = 256 << 10
_RUN = """\
mount -t tmpfs none "$1" && mkdir "$1/up" "$1/work" "$1/root" &&
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/up,workdir=$1/work" "$1/root" &&
mount -t proc proc "$1/root/proc" && mount -t sysfs -o ro sysfs "$1/root/sys" &&
mount --bind "$1/root/proc/sys" "$1/root/proc/sys" && mount -o remount,ro,bind "$1/root/proc/sys" &&
mount --bind /proc/sys/net "$1/root/proc/sys/net" &&
mount -t tmpfs -o mode=1777 tmpfs "$1/root/tmp" &&
mkdir -p "$1/root/dev/shm" && ip link set lo up && hostname "$3" && echo "$3" > "$1/root/etc/hostname" &&
chmod 644 "$1/root/etc/hostname" && ulimit -Sn 1024 &&
cd "$1/root" && exec \
setpriv --bounding-set -sys_time,-sys_boot,-sys_module chroot . /usr/bin/env -i \
HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=en_US.UTF-8 \
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PWD=/root \
bash -c 'cd /root; exec -a bash /bin/bash -c "$1"' bash "$4"
"""
_SETTLE = f"""\
localedef -i en_US -f UTF-8 en_US.UTF-8 && rm -rf /root/.ssh && echo root:admin123 | chpasswd &&
printf '127.0.0.1\\tlocalhost\\n10.20.0.10\\t{HOST}\\n::1\\tlocalhost ip6-localhost\\n' > /etc/hosts &&
useradd -m -u 1000 -c Deploy,,, -s /bin/bash -G sudo,www-data deploy && mkdir -p -m 700 /lost+found &&
sed -i 's/^#PermitRootLogin.*/PermitRootLogin yes/' /etc/ssh/sshd_config && mkdir -p /run/sshd
"""
"""What an installer does besides, and the persona's user, so that lists of them are the same."""

Mode = Literal["=", "#", "~", "?"]


class Command(msgspec.Struct, frozen=True):
    category: str
    mode: Mode
    line: str


class Answer(msgspec.Struct, frozen=True):
    out: str
    err: str
    status: int


class Compared(msgspec.Struct, frozen=True):
    command: Command
    real: Answer
    decoy: Answer
    seconds: float
    """Processor time of the decoy."""

    @property
    def alike(self) -> bool:
        return self.reason == ""

    @property
    def reason(self) -> str:
        """Return in what the answers differ, empty if they pass."""
        real, decoy, mode = self.real, self.decoy, self.command.mode
        if real.status != decoy.status:
            return f"exit status {real.status}, ours {decoy.status}"
        if not _alike(mode, real.err, decoy.err):
            return "standard error"
        if mode == "~":
            first, ours = (text.partition("\n")[0] for text in (real.out, decoy.out))
            return "" if _shape(first) == _shape(ours) else "form of the first line"
        return "" if _alike(mode, real.out, decoy.out) else "output"


def _alike(mode: Mode, real: str, decoy: str) -> bool:
    if mode == "=":
        return real == decoy
    return bool(real.strip()) == bool(decoy.strip()) if mode == "?" else _shape(real) == _shape(decoy)


_DAYS = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b")


def _shape(text: str) -> str:
    """Return the text without its numbers, dates and the width of its blanks."""
    text = _DAYS.sub("D", re.sub(r"[0-9]+([.:-][0-9]+)*", "0", text))
    return re.sub(r"[ \t]+", " ", text).strip()


def read_commands(path: Path = COMMANDS) -> list[Command]:
    found, category = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            category = line.strip("[]")
        elif line and not line.startswith("# SPDX") and line[:2] in ("= ", "# ", "~ ", "? ") and category:
            found.append(Command(category, line[0], line[2:].replace("⏎", "\n")))  # type: ignore[arg-type]
    return found


def prepare_root(root: Path = ROOT) -> None:
    """Make the root file system, unless a former run has."""
    if (root / "usr/bin/bash").exists() and not (root / "debootstrap").exists():
        return
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root), MIRROR]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["chroot", str(root), "sh", "-c", _SETTLE], check=True, stdout=subprocess.DEVNULL)


def in_debian(line: str, root: Path = ROOT) -> Answer:
    """Run a line in a copy of the root file system, without a network; it is killed after SECONDS."""
    with tempfile.TemporaryDirectory(prefix="decnet-shell-") as scratch:
        command = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "sh", "-c"]
        process = subprocess.Popen(
            [*command, _RUN, "sh", scratch, str(root), HOST, line],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return Answer(_text(out), _text(err), process.returncode)


def _text(data: bytes) -> str:
    return data[:MOST_BYTES].decode("utf-8", "backslashreplace")


def decoy_machine() -> Machine:
    identity = Identity(HOST, "10.20.0.10", 0)
    machine = build(
        sibling(persona(PERSONA), identity), HOST, shown_network("10.20.0.10", 24), int(time.time()) - 4_000_000
    )
    put_host_keys(machine, dict.fromkeys(("ecdsa", "ed25519", "rsa"), b"ssh-ed25519 AAAA"))
    return machine


def in_decoy(line: str, machine: Machine) -> Answer:
    """Run a line as the SSH service's exec channel does.

    Nothing waits, but the clock of the machine goes on by what would have been waited for.
    """
    origin = Origin("192.0.2.7", 40000, 22, daemon="sshd", daemon_title="sshd: root@notty")
    waited = 0.0
    shell = ShellState(machine, machine.users[0], lambda: time.time() + waited, origin, command=line)
    out, err = bytearray(), bytearray()
    effects = Interpreter(shell).run(line, b"")
    try:
        while True:
            effect = next(effects)
            if isinstance(effect, Pause):
                waited += effect.seconds
            elif isinstance(effect, Print):
                (err if effect.error else out).extend(effect.data)
    except StopIteration as end:
        return Answer(_text(bytes(out)), _text(bytes(err)), end.value)


def compared(commands: Sequence[Command]) -> list[Compared]:
    with ThreadPoolExecutor(2) as pool:
        real = list(pool.map(lambda command: in_debian(command.line), commands))
    found = []
    for command, answer in zip(commands, real, strict=True):
        began = time.thread_time()
        decoy = in_decoy(command.line, decoy_machine())
        found.append(Compared(command, answer, decoy, round(time.thread_time() - began, 4)))
    return found


def table(found: Sequence[Compared], *, differences: bool) -> Iterator[str]:
    """Yield the differences, each with its reason, and how many of each category pass."""
    for one in found:
        if differences and not one.alike:
            yield f"{one.command.mode} {one.command.line!r}: {one.reason}"
            yield from (f"    real  {text[:300]!r}" for text in (one.real.out, one.real.err) if text)
            yield from (f"    ours  {text[:300]!r}" for text in (one.decoy.out, one.decoy.err) if text)
    whole, passed = (
        Counter(one.command.category for one in found),
        Counter(one.command.category for one in found if one.alike),
    )
    for category, count in whole.items():
        yield f"{category:<28} {passed[category]:>4} of {count:>4}  {passed[category] / count:6.1%}"
    total = sum(passed.values())
    yield f"{'all':<28} {total:>4} of {len(found):>4}  {total / len(found):6.1%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=Path, nargs="+", default=LISTS)
    parser.add_argument("--differences", action="store_true", help="print each answer that is not alike, and why")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    prepare_root()
    found = {path.name: compared(read_commands(path)) for path in wanted.commands}
    if wanted.json:
        print(msgspec.json.encode(found).decode())
    else:
        for name, ones in found.items():
            print("\n".join([name, *table(ones, differences=wanted.differences), ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
