# SPDX-License-Identifier: MIT
"""Commands about the machine: uname, uptime, free, df, lscpu, nproc, date, hostname, mount, dmesg."""

import re

from decnet_decoys.personas.schema import Persona
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.dates import moment_of
from decnet_decoys.shell.commands.files.listing import human
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import encode, quoted
from decnet_decoys.shell.environment.time_zones import UTC
from decnet_decoys.shell.machine.distribution import memory_disks, mounts
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState


@command("systemd-detect-virt", families=("debian",))
def detect_virtualization(call: Call) -> int:
    """Print the hypervisor, in agreement with hostnamectl and lspci."""
    call.print("kvm")
    return 0


_UNAME = {"all": "a", "kernel-name": "s", "nodename": "n", "kernel-release": "r", "kernel-version": "v", "machine": "m",
          "processor": "p", "hardware-platform": "i", "operating-system": "o"}  # fmt: skip


@command("uname", "arch")
def uname(call: Call) -> int:
    """Name the system."""
    found = options(call, "asnrvmpio" if call.name == "uname" else "", _UNAME)
    persona, machine = call.shell.machine.persona, call.shell.machine
    if found.operands:
        raise tried(call, f"extra operand {quoted(found.operands[0])}")
    values = {
        "s": "Linux", "n": machine.hostname, "r": persona.kernel, "v": persona.kernel_build, "m": persona.machine,
        "p": "unknown", "i": "unknown", "o": "GNU/Linux",
    }  # fmt: skip
    if call.name == "arch":
        call.print(persona.machine)
    elif "a" in found:
        call.print(" ".join(value for letter, value in values.items() if letter not in "pi"))
    else:
        call.print(" ".join(value for letter, value in values.items() if letter in found) or "Linux")
    return 0


def uptime_line(call: Call) -> str:
    """Return the first line of `uptime` and `w`."""
    seconds = max(0, call.shell.now - call.shell.machine.booted)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    clock = call.shell.date("%H:%M:%S")
    plural = "s" if days != 1 else ""
    persona = call.shell.machine.persona
    users = "1 user" if call.shell.terminal is not None else "0 users" if "Ubuntu" in persona.os else "0 user"
    return f" {clock} up {days} day{plural}, {hours:2}:{minutes:02},  {users},  load average: 0.08, 0.03, 0.01"


@command("uptime")
def uptime(call: Call) -> int:
    shell = call.shell
    seconds = max(0, shell.now - shell.machine.booted)
    if {"-s", "--since"} & set(call.args):
        call.print(shell.date("%Y-%m-%d %H:%M:%S", shell.machine.booted))
    elif {"-p", "--pretty"} & set(call.args):
        parts = (
            (seconds // 604800, "week"),
            (seconds // 86400 % 7, "day"),
            (seconds // 3600 % 24, "hour"),
            (seconds // 60 % 60, "minute"),
        )
        call.print("up " + ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for count, name in parts if count))
    else:
        call.print(uptime_line(call))
    return 0


@command("free")
def free(call: Call) -> int:
    """Show memory; -b -k -m -g -h -t -w."""
    found = options(call, "bkmghtws:c:l", {"human": "h", "total": "t", "mega": "m", "giga": "g", "wide": "w",
                    "bytes": "b",
                    "kibi": "k", "mebi": "m", "gibi": "g", "si": "si"})  # fmt: skip
    hardware = call.shell.machine.persona.hardware
    divisor = {"m": 1024, "g": 1 << 20}
    unit = next((divisor[letter] for letter in divisor if letter in found), 1)
    left = hardware.memory_kib - hardware.used_kib
    row = [hardware.memory_kib, hardware.used_kib, left * 2 // 5, left // 90, left * 3 // 5, left * 9 // 10]

    def shown(size: int) -> str:
        if "h" in found:
            return (human(size * 1024) + "i") if size else "0B"
        return str(size * 1024 if "b" in found else size // unit)

    call.print("               total        used        free      shared  buff/cache   available")
    call.print("Mem:    " + "".join(f"{shown(value):>12}" for value in row))
    call.print("Swap:   " + "".join(f"{shown(0):>12}" for _ in range(3)))
    if "t" in found:
        call.print("Total:  " + "".join(f"{shown(value):>12}" for value in row[:3]))
    return 0


_DF = {"human-readable": "h", "si": "h", "inodes": "i", "print-type": "T", "portability": "P", "all": "a", "local": "l",
       "total": "total", "output": "output?", "type": "t:", "exclude-type": "x:", "block-size": "B:"}  # fmt: skip


@command("df")
def df(call: Call) -> Effects:
    """Show file systems: all, or those of paths."""
    found = options(call, "hHiTPaklmt:x:B:", _DF)
    mounted = _mounted(call.shell.machine.persona)
    chosen = mounted if not found.operands else []
    for path in found.operands:
        yield from turn()
        if not call.shell.files.exists(path, call.shell.access):
            call.fail(f"{path}: No such file or directory")
            continue
        where = call.shell.files.locate(path, call.shell.access)
        fits = [one for one in mounted if (where.rstrip("/") + "/").startswith(one[1].rstrip("/") + "/")]
        chosen.append(max(fits, key=lambda one: len(one[1])) if fits else mounted[0])
    if not chosen:
        return 1
    if "output" in found:
        for point in ("Mounted on", *(one[1] for one in chosen)):
            call.print(point)
        return 0
    _disk_table(call, found, chosen[:MAX_ROWS])
    return int(bool(found.operands) and len(chosen) < len(found.operands))


MAX_ROWS = 200
"""Rows that df lays out."""


def _disk_table(call: Call, found: Options, chosen: list[tuple[str, str, int, int]]) -> None:
    big, posix = found.any("hH"), "P" in found
    sizes = ["Size", "Used", "Avail", "Use%"] if big else ["1K-blocks", "Used", "Available", "Use%"]
    if posix and not big:
        sizes = ["1024-blocks", "Used", "Available", "Capacity"]
    if "i" in found:
        sizes = ["Inodes", "IUsed", "IFree", "IUse%"]
    types = {point: kind for _, point, kind, _ in mounts(call.shell.machine.persona)}
    rows = [["Filesystem", *(["Type"] if "T" in found else []), *sizes]]
    for device, point, kib, used in chosen:
        if "i" in found:
            kib, used = kib // 16, kib // 16 // 37 + 1  # noqa: PLW2901
        usable = kib * 95 // 100 if device.startswith("/") and "i" not in found else kib
        shown = [human(n * 1024) if big and n else str(n) for n in (kib, used, usable - used)]
        kind = [types.get(point, "ext4")] if "T" in found else []
        rows.append([device, *kind, *shown, f"{-(-used * 100 // usable)}%" if usable else "-"])
    least = [14, *([4] if "T" in found else []), *((5, 5, 5, 4) if big else (0, 0, 0, 4))]
    widths = [max(size, *map(len, column)) for size, column in zip(least, zip(*rows, strict=True), strict=True)]
    left = 2 if "T" in found else 1
    for row, point in zip(rows, ["Mounted on", *(one[1] for one in chosen)], strict=True):
        cells = [
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        call.print(" ".join(cells) + f" {point}")


def _mounted(persona: Persona) -> list[tuple[str, str, int, int]]:
    """Return what `df` lists, in its order: what is in memory and came before the disks, the disks, the rest."""
    disks = [(disk.device, disk.mount, disk.size, disk.used) for disk in persona.hardware.disks]
    memory = memory_disks(persona)
    return [*memory[:2], *disks[:1], *memory[2:4], *disks[1:], *memory[4:]]


@command("umount")
def umount(call: Call) -> int:
    """Unmount nothing: what is mounted is in use."""
    if not call.words:
        return call.fail("bad usage\nTry 'umount --help' for more information.")
    mounted = {place for _, place, _, _ in mounts(call.shell.machine.persona)}
    status = 0
    for path in call.words[:20]:
        if call.shell.identity.uid != 0:
            status = call.fail(f"{path}: must be superuser to unmount.", 32)
        elif path in mounted:
            status = call.fail(f"{path}: target is busy.", 32)
        elif call.shell.files.exists(path, call.shell.access):
            status = call.fail(f"{path}: not mounted.", 32)
        else:
            status = call.fail(f"{path}: no mount point specified.", 32)
    return status


@command("vmstat", families=("debian",))
def vmstat(call: Call) -> int:
    """Show one row of what the machine is busy with."""
    hardware = call.shell.machine.persona.hardware
    call.print("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----")
    call.print(" r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st")
    memory = (hardware.memory_kib - hardware.used_kib, hardware.memory_kib // 40, hardware.memory_kib // 4)
    shown = " ".join(f"{kib:6}" for kib in memory)
    call.print(f" 1  0      0 {shown}    0    0     3    11   42   78  1  0 99  0  0")
    return 0


@command("mount", "lsblk", "fdisk", "findmnt")
def mount(call: Call) -> int:
    """Show what is mounted; mounting is refused."""
    disks = call.shell.machine.persona.hardware.disks
    if call.name == "lsblk":
        call.print("NAME    MAJ:MIN RM   SIZE RO TYPE MOUNTPOINTS")
        for number, disk in enumerate(disks):
            call.print(f"{disk.device[5:]:<7} 254:{number:<5} 0 {human(disk.size * 1024):>6}  0 part {disk.mount}")
        return 0
    if call.name == "mount" and call.words:
        return _mounting(call)
    if call.words:
        return call.fail("cannot open: Operation not permitted", 32)
    if call.name == "fdisk":
        return _partitions(call)
    for device, mount_point, kind, how in mounts(call.shell.machine.persona):
        call.print(f"{device} on {mount_point} type {kind} ({how})")
    return 0


def _mounting(call: Call) -> int:
    """Let root mount again, and what needs no device; a device has to be there."""
    source, point = call.words[-2:] if len(call.words) > 1 else ("", call.words[-1])
    if call.shell.identity.uid == 0 and any("remount" in arg for arg in call.args):
        return 0
    if call.shell.identity.uid == 0 and {"tmpfs", "proc", "sysfs"} & set(call.args):
        there = call.shell.files.exists(point)
        return 0 if there else call.fail(f"{point}: mount point does not exist.", 32)
    if source and not call.shell.files.exists(source):
        call.fail(
            f"{point}: special device {source} does not exist.\n"
            "       dmesg(1) may have more information after failed mount system call."
        )
        return 32
    return call.fail("permission denied.", 32)


def _partitions(call: Call) -> int:
    """Show the disks as `fdisk -l` does, for root."""
    disks = call.shell.machine.persona.hardware.disks
    device = disks[0].device.rstrip("0123456789")
    if call.shell.identity.uid != 0:
        return call.fail(f"cannot open {device}: Permission denied")
    whole = sum(disk.size for disk in disks) * 1024
    call.print(f"Disk {device}: {whole / (1 << 30):.4g} GiB, {whole} bytes, {whole // 512} sectors")
    call.print("Units: sectors of 1 * 512 = 512 bytes\nSector size (logical/physical): 512 bytes / 512 bytes")
    call.print("I/O size (minimum/optimal): 512 bytes / 512 bytes\nDisklabel type: gpt\n")
    call.print(f"{'Device':<12} {'Start':>9} {'End':>10} {'Sectors':>10} {'Size':>6} Type")
    start = 2048
    for disk in disks:
        sectors = disk.size * 2
        kind = "EFI System" if "efi" in disk.mount else "Linux filesystem"
        size = human(disk.size * 1024)
        call.print(f"{disk.device:<12} {start:>9} {start + sectors - 1:>10} {sectors:>10} {size:>6} {kind}")
        start += sectors
    return 0


@command("nproc")
def nproc(call: Call) -> int:
    call.print(str(call.shell.machine.persona.hardware.cores))
    return 0


@command("lscpu")
def lscpu(call: Call) -> int:
    persona = call.shell.machine.persona
    hardware = persona.hardware
    vendor = "AuthenticAMD" if "AMD" in hardware.cpu else "ARM" if "ARM" in hardware.cpu else "GenuineIntel"
    numbers = f"0-{hardware.cores - 1}" if hardware.cores > 1 else "0"
    rows = (
        ("Architecture", persona.machine), ("  CPU op-mode(s)", "32-bit, 64-bit"),
        ("  Address sizes", "46 bits physical, 48 bits virtual"), ("  Byte Order", "Little Endian"),
        ("CPU(s)", str(hardware.cores)), ("  On-line CPU(s) list", numbers),
        ("Vendor ID", vendor), ("  Model name", hardware.cpu), ("    CPU family", "6"), ("    Model", "79"),
        ("    Thread(s) per core", "1"), ("    Core(s) per socket", str(hardware.cores)), ("    Socket(s)", "1"),
        ("    Stepping", "1"), ("    BogoMIPS", f"{hardware.mhz * 2:.2f}"), ("Virtualization features", ""),
        ("  Hypervisor vendor", "KVM"), ("  Virtualization type", "full"), ("NUMA", ""), ("  NUMA node(s)", "1"),
        ("  NUMA node0 CPU(s)", numbers),
    )  # fmt: skip
    plain = call.tty is False
    for name, value in rows:
        title = (name.strip() if plain else name) + ":"
        call.print(f"{title:<41}{value}".rstrip() if value or not plain else "", end="\n" if value or not plain else "")
    return 0


@command("lspci", "lsusb", "lshw")
def devices(call: Call) -> int:
    """List devices, sparsely: a virtual machine has few."""
    if call.name == "lspci":
        call.print("00:00.0 Host bridge: Intel Corporation 82G33/G31/P35/P31 Express DRAM Controller")
        call.print("00:01.0 VGA compatible controller: Red Hat, Inc. Virtio 1.0 GPU (rev 01)")
        call.print("00:02.0 Ethernet controller: Red Hat, Inc. Virtio network device")
    elif call.name != "lsusb" and call.shell.identity.uid != 0:
        return call.fail("Permission denied")
    return 0


_ISO = {
    "hours": "%Y-%m-%dT%H%:z", "minutes": "%Y-%m-%dT%H:%M%:z", "seconds": "%Y-%m-%dT%H:%M:%S%:z",
    "ns": "%Y-%m-%dT%H:%M:%S,%N%:z",
}  # fmt: skip


@command("date")
def date(call: Call) -> int:
    """Print the time, or that of -d, in a +FORMAT; to set it is refused to all but root."""
    shell = call.shell
    found = options(call, "ud:r:Rs:I::", {"utc": "u", "date": "d:", "universal": "u", "reference": "r:",
                    "rfc-email": "R", "set": "s:", "iso-8601": "iso?", "rfc-3339": "r3339:"})  # fmt: skip
    moment = moment_of(found.last("d"), shell.now) if "d" in found else shell.now
    if "r" in found:
        try:
            moment = shell.files.stat(found.last("r"), shell.access).mtime
        except FileSystemError as error:
            return call.fail(f"{found.last('r')}: {error}")
    if moment is None:
        return call.fail(f"invalid date {quoted(found.last('d'))}")
    layout = next((arg[1:] for arg in found.operands if arg.startswith("+")), "%a %b %e %I:%M:%S %p %Z %Y")
    if "R" in found:
        layout = "%a, %d %b %Y %H:%M:%S %z"
    elif found.any("I") or "iso" in found:
        layout = _ISO.get(found.last("iso") or found.last("I"), "%Y-%m-%d")
    elif "r3339" in found:
        layout = _ISO.get(found.last("r3339"), "%Y-%m-%d").replace("T", " ")
    elif shell.machine.persona.family == "busybox" and not found.operands:
        layout = "%a %b %e %H:%M:%S %Z %Y"
    zone = UTC if "u" in found else shell.zone
    call.print(_dated(shell, layout[:1024], moment, zone, exact="d" in found))
    return 0


def _dated(shell: ShellState, layout: str, moment: int, zone: tuple[str, int], *, exact: bool) -> str:
    """Return a time in a layout of date(1), which has more letters than strftime(3)."""
    name, offset = zone
    stamp, moment = moment, moment + offset
    hours, minutes = divmod(abs(offset) // 60, 60)
    east = f"{'-' if offset < 0 else '+'}{hours:02}"
    quarter = (int(shell.date("%m", moment)) + 2) // 3
    fraction = "000000000" if exact else f"{shell.random() * 30_517:09}"[:9]
    own = {"%Z": name, "%s": str(stamp), "%N": fraction, "%q": str(quarter), "%n": "\n",
           "%t": "\t", "%%": "%", "%P": shell.date("%p", moment).lower(),
           "%z": f"{east}{minutes:02}", "%:z": f"{east}:{minutes:02}"}  # fmt: skip
    pieces = re.findall(r"%:?[-_0^#]?[A-Za-z%]|[^%]+|%", layout)
    return "".join(
        own.get(piece) or (shell.date(piece, moment) if piece[0] == "%" and len(piece) > 1 else piece)
        for piece in pieces
    )


MAX_HOSTNAME = 64
"""Characters (sethostname(2))."""


def _rename(call: Call, name: str) -> int:
    """Set the machine's name, for everybody."""
    if call.shell.identity.uid != 0:
        return call.fail("you must be root to change the host name")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?", name):
        return call.fail("name too long" if len(name) > MAX_HOSTNAME else "the specified hostname is invalid")
    call.shell.machine.condition.hostname = name
    return 0


@command("hostname", "hostnamectl", "dnsdomainname")
def hostname(call: Call) -> int:
    """Show the machine's name and addresses, or set the name."""
    machine = call.shell.machine
    if call.name == "hostname" and call.words:
        return _rename(call, call.words[0])
    if call.name == "hostnamectl" and call.words[:1] in (["set-hostname"], ["hostname"]) and len(call.words) > 1:
        status = _rename(call, call.words[1])
        if not status:
            call.shell.files.write("/etc/hostname", encode(call.words[1] + "\n"), call.shell.access)
        return status
    if call.name == "hostnamectl":
        call.print(f" Static hostname: {machine.hostname}\n       Icon name: computer-vm\n         Chassis: vm")
        call.print(
            f"  Virtualization: kvm\nOperating System: {machine.persona.os}\n"
            f"          Kernel: Linux {machine.persona.kernel}"
        )
        call.print(f"    Architecture: {machine.persona.machine.replace('_', '-')}")
    elif "-I" in call.args or "-i" in call.args:
        call.print(machine.address + " ")
    else:
        call.print(machine.hostname if call.name == "hostname" else "internal")
    return 0


@command("lsb_release", families=("debian",))
def lsb_release(call: Call) -> int:
    name = call.shell.machine.persona.os
    vendor, _, rest = name.partition(" ")
    version = next((word for word in rest.split() if word[0].isdecimal()), "")
    call.print(f"Distributor ID:\t{vendor}\nDescription:\t{name}\nRelease:\t{version}")
    return 0


@command("reboot", "shutdown", "halt", "poweroff", "init", folder="/usr/sbin")
def reboot(call: Call) -> int:
    """Refuse to go down, as a machine with an inhibitor does."""
    if call.shell.identity.uid != 0:
        return call.fail("must be superuser.")
    return call.fail("Failed to talk to init daemon.")
