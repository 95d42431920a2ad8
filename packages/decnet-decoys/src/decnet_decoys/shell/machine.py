# SPDX-License-Identifier: MIT
"""One decky's machine as its commands see it: a persona at an address, up since a moment, with its unchanged files.

The tree is built once per decky and shared by all its sessions; a session keeps only what it changed.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from decnet_decoys.personas.shape import Persona, User
from decnet_decoys.shell.call import encode
from decnet_decoys.shell.files import Entry, Filler, Tree
from decnet_decoys.shell.registry import programs

_INSTALLED_DAYS = 240
"""How long before its boot the machine was set up: the age of most files."""

_DIRECTORIES = (
    "/boot", "/dev", "/etc/cron.d", "/etc/cron.daily", "/etc/ssh", "/home", "/lib", "/media", "/mnt", "/opt",
    "/proc", "/run/lock", "/srv", "/sys", "/usr/lib", "/usr/local/bin", "/usr/share", "/var/cache", "/var/lib",
    "/var/log", "/var/run", "/var/spool/cron/crontabs", "/var/www",
)  # fmt: skip
_DEVICES = ("null", "zero", "random", "urandom", "tty", "console", "ptmx")
_ELF_MACHINE = {"x86_64": 62, "aarch64": 183}


class Machine(NamedTuple):
    """What every session on one decky shares."""

    persona: Persona
    hostname: str
    address: str
    booted: int
    """Unix time."""
    tree: Tree

    def user(self, name: str) -> User | None:
        """Return the account `name`."""
        return next((user for user in self.persona.users if user.name == name), None)

    def expand(self, text: str) -> str:
        """Fill in {hostname}, {kernel} and the like in a persona's text."""
        persona = self.persona
        for key, value in (
            ("hostname", self.hostname),
            ("kernel_build", persona.kernel_build),
            ("kernel", persona.kernel),
            ("machine", persona.machine),
        ):
            text = text.replace("{" + key + "}", value)
        return text


def build(persona: Persona, hostname: str, address: str, booted: int) -> Machine:
    """Return the machine of a decky; `booted` is Unix time in seconds."""
    tree = Tree()
    machine = Machine(persona, hostname, address, booted, tree)
    old = booted - _INSTALLED_DAYS * 86400
    for path in ("/", *_DIRECTORIES):
        tree.put(path, Entry("dir", 0o755, mtime=old))
    for path in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108  # the decoy's, not ours
        tree.put(path, Entry("dir", 0o1777, mtime=booted))
    for name in _DEVICES:
        tree.put(f"/dev/{name}", Entry("device", 0o666, mtime=booted))
    _put_programs(machine, old)
    _put_accounts(machine, old)
    for path, text in (_proc(machine) | _etc(machine)).items():
        tree.put(path, Entry("file", 0o444 if path.startswith("/proc") else 0o644, mtime=booted, content=encode(text)))
    for path, text in persona.files.items():
        _put_own(machine, path, text, old)
    return machine


def _put_programs(machine: Machine, old: int) -> None:
    tree, persona = machine.tree, machine.persona
    if persona.family == "debian":
        for name in ("bin", "sbin", "lib"):
            tree.put(f"/usr/{name}", Entry("dir", 0o755, mtime=old))
            tree.put(f"/{name}", Entry("link", 0o777, mtime=old, target=f"usr/{name}"))
    else:
        tree.put("/bin/busybox", _program(persona, "busybox", old, 928_312))
    for name, program in programs().items():
        if not program.folder or persona.family not in program.families or name == "busybox":
            continue
        if persona.family == "busybox":
            tree.put(f"/bin/{name}", Entry("link", 0o777, mtime=old, target="busybox"))
        else:
            size = 26_000 + sum(name.encode()) * 163
            tree.put(f"{program.folder}/{name}", _program(persona, name, old, size))


def _program(persona: Persona, name: str, old: int, size: int) -> Entry:
    kind = _ELF_MACHINE.get(persona.machine, 62)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, kind, 1, 0x1060, 64, size - 1984, 0, 64, 56, 13, 64, 31, 30)
    return Entry("file", 0o755, mtime=old, content=Filler(head, size, f"{persona.name}/{name}"))


def _put_accounts(machine: Machine, old: int) -> None:
    tree = machine.tree
    for user in machine.persona.users:
        if user.home in ("/nonexistent", "/var", "/var/www"):
            continue
        private = 0o700 if user.uid == 0 or machine.persona.family == "busybox" else 0o755
        tree.put(user.home, Entry("dir", private, user.uid, user.gid, machine.booted))
        if machine.persona.family == "debian":
            for name, text in ((".profile", _PROFILE), (".bashrc", _BASHRC)):
                tree.put(f"{user.home}/{name}", Entry("file", 0o644, user.uid, user.gid, old, text))
    history = "".join(line + "\n" for line in machine.persona.history)
    if history:
        tree.put("/root/.bash_history", Entry("file", 0o600, mtime=machine.booted, content=encode(history)))


def _put_own(machine: Machine, path: str, text: str, old: int) -> None:
    owner = next((user for user in machine.persona.users if path.startswith(user.home + "/")), None)
    uid, gid = (owner.uid, owner.gid) if owner else (0, 0)
    mode = 0o755 if text.startswith("#!") else 0o600 if uid == 0 and path.startswith("/root/") else 0o644
    machine.tree.put(path, Entry("file", mode, uid, gid, old, encode(machine.expand(text))))


_PROFILE = b"""# ~/.profile: executed by the command interpreter for login shells.
if [ -n "$BASH_VERSION" ]; then
    if [ -f "$HOME/.bashrc" ]; then
\t. "$HOME/.bashrc"
    fi
fi
"""
_BASHRC = b"""# ~/.bashrc: executed by bash(1) for non-login shells.
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
HISTSIZE=1000
alias ll='ls -l'
"""


def _etc(machine: Machine) -> dict[str, str]:
    users = machine.persona.users
    shadow = "".join(f"{user.name}:{_locked(user)}:19512:0:99999:7:::\n" for user in users)
    groups = [(user.name, user.gid, ()) for user in users]
    names = sorted({name for user in users for name in user.groups})
    extra = [(name, 27 + place, tuple(u.name for u in users if name in u.groups)) for place, name in enumerate(names)]
    return {
        "/etc/hostname": f"{machine.hostname}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{machine.hostname}\n::1\tlocalhost ip6-localhost\n",
        "/etc/resolv.conf": "nameserver 10.20.0.2\nsearch internal\n",
        "/etc/passwd": "".join(
            f"{u.name}:x:{u.uid}:{u.gid}:{u.gecos}:{u.home}:{u.shell}\n" for u in users
        ),
        "/etc/group": "".join(f"{name}:x:{gid}:{','.join(members)}\n" for name, gid, members in groups + extra),
        "/etc/shadow": shadow,
        "/etc/fstab": "".join(
            f"{disk.device}\t{disk.mount}\t{disk.type}\tdefaults\t0 1\n" for disk in machine.persona.hardware.disks
        ),
        "/etc/shells": "/bin/sh\n/bin/bash\n" if machine.persona.family == "debian" else "/bin/ash\n/bin/sh\n",
    }


def _locked(user: User) -> str:
    """Return a password field: a hash's shape that no password fits, so that nobody learns the accepted ones."""
    return "$y$j9T$Qm0yJ7.Nn1cVb5dE$k3f0Zr6QqL8ZlW2vY1xT9uHc4sPbA7eMgR5nJdKoX.2" if user.passwords else "*"


def _proc(machine: Machine) -> dict[str, str]:
    hardware, persona = machine.persona.hardware, machine.persona
    arm = persona.machine == "aarch64"
    cpu = "".join(_arm_cpu(core) if arm else _x86_cpu(core, machine) for core in range(hardware.cores))
    free = hardware.memory_kib - hardware.used_kib
    compiler = "aarch64-linux-gnu-gcc" if arm else "gcc"
    return {
        "/proc/cpuinfo": cpu,
        "/proc/version": f"Linux version {persona.kernel} (build@{persona.family}) ({compiler} 12.2.0) {persona.kernel_build}\n",
        "/proc/meminfo": (
            f"MemTotal:     {hardware.memory_kib:>11} kB\nMemFree:      {free * 2 // 5:>11} kB\n"
            f"MemAvailable: {free * 9 // 10:>11} kB\nBuffers:      {free // 16:>11} kB\n"
            f"Cached:       {free // 2:>11} kB\nSwapTotal:    {0:>11} kB\nSwapFree:     {0:>11} kB\n"
        ),
        "/proc/mounts": "".join(
            f"{disk.device} {disk.mount} {disk.type} rw,relatime 0 0\n" for disk in hardware.disks
        )
        + "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /tmp tmpfs rw,nosuid,nodev 0 0\n",
        "/proc/loadavg": f"0.08 0.03 0.01 1/{len(persona.processes) + 84} 28417\n",
        "/proc/filesystems": "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\n\tvfat\n",
        "/proc/sys/kernel/hostname": f"{machine.hostname}\n",
        "/proc/sys/kernel/osrelease": f"{persona.kernel}\n",
        "/proc/net/dev": _net_dev(hardware.interface),
    } | {f"/proc/{process.pid}/cmdline": process.command.replace(" ", "\0") for process in persona.processes}


def _net_dev(interface: str) -> str:
    return (
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
        "    lo: 48211904  310442    0    0    0     0          0         0 48211904  310442    0    0    0     0       0          0\n"
        f"{interface:>6}: 2914857023 4471902    0   12    0     0          0         0 1127340981 3310277    0    0    0     0       0          0\n"
    )


def _arm_cpu(core: int) -> str:
    return (
        f"processor\t: {core}\nBogoMIPS\t: 38.40\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\n"
        "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd03\nCPU revision\t: 4\n\n"
    )


def _x86_cpu(core: int, machine: Machine) -> str:
    hardware = machine.persona.hardware
    vendor = "AuthenticAMD" if "AMD" in hardware.cpu else "GenuineIntel"
    return (
        f"processor\t: {core}\nvendor_id\t: {vendor}\ncpu family\t: {23 if 'AMD' in hardware.cpu else 6}\n"
        f"model\t\t: 79\nmodel name\t: {hardware.cpu}\nstepping\t: 1\nmicrocode\t: 0x1\ncpu MHz\t\t: {hardware.mhz:.3f}\n"
        f"cache size\t: 16384 KB\nphysical id\t: 0\nsiblings\t: {hardware.cores}\ncore id\t\t: {core}\ncpu cores\t: {hardware.cores}\n"
        "fpu\t\t: yes\nwp\t\t: yes\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx "
        "fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology cpuid pni pclmulqdq ssse3 fma cx16 "
        "sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm avx2\n"
        f"bogomips\t: {hardware.mhz * 2:.2f}\naddress sizes\t: 46 bits physical, 48 bits virtual\npower management:\n\n"
    )
