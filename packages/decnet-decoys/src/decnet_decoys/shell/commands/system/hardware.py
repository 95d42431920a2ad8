# SPDX-License-Identifier: MIT
"""Commands about the machine: uname, uptime, free, vmstat, nproc, date, hostname, reboot."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.dates import moment_of
from decnet_decoys.shell.commands.files.listing import human
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.encoding import decode, encode, quoted
from decnet_decoys.shell.environment.time_zones import UTC
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import piece_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState


@command("systemd-detect-virt", families=("debian",))
def detect_virtualization(call: Call) -> int:
    """Print the hypervisor, in agreement with hostnamectl and lspci."""
    found = options(call, "chqrv", {"container": "c", "vm": "v", "quiet": "q", "chroot": "r", "private-users": "u",
                                    "list": "list", "help": "h", "version": "version"})  # fmt: skip
    none = found.any("cru")
    if "q" not in found and not found.any("ru"):
        call.print("none" if none else "kvm")
    return int(none)


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
    found = options(call, "bkmghtws:c:lvV", {"human": "h", "total": "t", "mega": "m", "giga": "g", "wide": "w",
                    "bytes": "b",
                    "kibi": "k", "mebi": "m", "gibi": "g", "si": "si", "committed": "v", "lohi": "l", "kilo": "k",
                    "seconds": "s:", "count": "c:", "help": "help", "version": "V"})  # fmt: skip
    hardware = call.shell.machine.persona.hardware
    divisor = {"m": 1024, "g": 1 << 20}
    unit = next((divisor[letter] for letter in divisor if letter in found), 1)
    left = hardware.memory_kib - hardware.used_kib
    row = [hardware.memory_kib, hardware.used_kib, left * 2 // 5, left // 90, left * 3 // 5, left * 9 // 10]

    def shown(size: int) -> str:
        if "h" in found:
            return (human(size * 1024) + "i") if size else "0B"
        return str(size * 1024 if "b" in found else size // unit)

    cached = "     buffers       cache" if "w" in found else "  buff/cache"
    if "w" in found:
        row[4:5] = [row[4] // 12, row[4] - row[4] // 12]
    call.print(f"               total        used        free      shared{cached}   available")
    call.print("Mem:    " + "".join(f"{shown(value):>12}" for value in row))
    call.print("Swap:   " + "".join(f"{shown(0):>12}" for _ in range(3)))
    if "t" in found:
        call.print("Total:  " + "".join(f"{shown(value):>12}" for value in row[:3]))
    if "v" in found:
        limit = (hardware.memory_kib // 2, hardware.used_kib * 3 // 2)
        call.print("Comm:   " + "".join(f"{shown(value):>12}" for value in (*limit, limit[0] - limit[1])))
    return 0


@command("vmstat", families=("debian",))
def vmstat(call: Call) -> int:
    """Show rows of what the machine is busy with, or with -s totals."""
    found = options(call, "afmnsdDp:S:twVh", {"active": "a", "forks": "f", "slabs": "m", "one-header": "n",
                    "stats": "s",
                    "disk": "d", "disk-sum": "D", "partition": "p:", "unit": "S:", "timestamp": "t", "wide": "w",
                    "version": "V", "help": "h"})  # fmt: skip
    wrong = next((one for one in found.operands[:2] if not one.isdecimal()), None)
    if wrong is not None:
        return call.fail(f"failed to parse argument: '{wrong[:64]}'")
    hardware = call.shell.machine.persona.hardware
    left = hardware.memory_kib - hardware.used_kib
    if "s" in found:
        _totals(call, left)
        return 0
    unit = 1024 if found.last("S") in ("M", "m") else 1
    third, fourth = ("inact", "active") if "a" in found else ("buff", "cache")
    call.print("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----")
    call.print(f" r  b   swpd   free {third:>6} {fourth:>6}   si   so    bi    bo   in   cs us sy id wa st")
    shown = " ".join(f"{kib // unit:6}" for kib in (left * 2 // 5, left // 16, left // 2))
    rows = min(int(found.operands[1][:4]), MAX_SAMPLES) if len(found.operands) > 1 else 1
    for _ in range(rows):
        call.print(f" 1  0      0 {shown}    0    0     3    11   42   78  1  0 99  0  0")
    return 0


MAX_SAMPLES = 60
"""Rows that vmstat shows; nobody waits between them."""


def _totals(call: Call, left: int) -> None:
    hardware, booted = call.shell.machine.persona.hardware, call.shell.machine.booted
    ticks = max(0, call.shell.now - booted) * 100 * hardware.cores
    for count, text in (
        (hardware.memory_kib, "K total memory"), (hardware.used_kib, "K used memory"),
        (hardware.used_kib * 3 // 5, "K active memory"), (left // 2, "K inactive memory"),
        (left * 2 // 5, "K free memory"), (left // 16, "K buffer memory"), (left // 2, "K swap cache"),
        (0, "K total swap"), (0, "K used swap"), (0, "K free swap"), (ticks // 180, "non-nice user cpu ticks"),
        (ticks // 9000, "nice user cpu ticks"), (ticks // 320, "system cpu ticks"),
        (ticks * 98 // 100, "idle cpu ticks"),
        (ticks // 5100, "IO-wait cpu ticks"), (0, "IRQ cpu ticks"), (ticks // 21000, "softirq cpu ticks"),
        (0, "stolen cpu ticks"), (0, "non-nice guest cpu ticks"), (0, "nice guest cpu ticks"),
        (4_812_334, "K paged in"), (ticks // 90, "K paged out"), (0, "pages swapped in"), (0, "pages swapped out"),
        (ticks // 2, "interrupts"), (ticks, "CPU context switches"), (booted, "boot time"), (ticks // 800, "forks"),
    ):  # fmt: skip
        call.print(f"{count:>13} {text}")


@command("nproc")
def nproc(call: Call) -> int:
    """Count the processors, less those that --ignore leaves out, but one at least."""
    found = options(call, "", {"all": "a", "ignore": "i:", "help": "h", "version": "V"})
    ignored = found.last("i", "0")
    if not (ignored.isascii() and ignored.isdecimal()):
        return call.fail(f"invalid number: {quoted(ignored)}")
    if found.operands:
        raise tried(call, f"extra operand {quoted(found.operands[0])}")
    call.print(str(max(1, call.shell.machine.persona.hardware.cores - int(ignored[:9]))))
    return 0


@command("lspci")
def devices(call: Call) -> int:
    """List devices, sparsely: a virtual machine has few."""
    found = options(call, "vnxbqQktDPmM:s:d:i:p:A:O:GH:F:", {"version": "version"})
    wanted = [found.last("d"), found.last("s").lower()]
    numbers, names = "n" in found and found.values["n"] == [""], "n" not in found or len(found.values["n"]) > 1
    for slot, kind, kind_id, name, device_id, revision in _DEVICES:
        if (wanted[0] and not device_id.startswith(wanted[0].rstrip(":").lower() + ":") and device_id != wanted[0]) or (
            wanted[1] and not slot.startswith(wanted[1]) and not slot[3:].startswith(wanted[1].removeprefix("00:"))
        ):
            continue
        if numbers:
            call.print(f"{slot} {kind_id}: {device_id}{revision}")
        elif names and "n" in found:
            call.print(f"{slot} {kind} [{kind_id}]: {name} [{device_id}]{revision}")
        else:
            call.print(f"{slot} {kind}: {name}{revision}")
        if "v" in found:
            call.print("\tFlags: bus master, fast devsel, latency 0\n")
        elif "k" in found and "virtio" in name.lower():
            call.print("\tKernel driver in use: virtio-pci")
    return 0


_DEVICES = (
    ("00:00.0", "Host bridge", "0600", "Intel Corporation 82G33/G31/P35/P31 Express DRAM Controller", "8086:29c0", ""),
    ("00:01.0", "VGA compatible controller", "0300", "Red Hat, Inc. Virtio 1.0 GPU", "1af4:1050", " (rev 01)"),
    ("00:02.0", "Ethernet controller", "0200", "Red Hat, Inc. Virtio 1.0 network device", "1af4:1041", " (rev 01)"),
    ("00:03.0", "SCSI storage controller", "0100", "Red Hat, Inc. Virtio 1.0 block device", "1af4:1042", " (rev 01)"),
    (
        "00:1f.0",
        "ISA bridge",
        "0601",
        "Intel Corporation 82801IB (ICH9) LPC Interface Controller",
        "8086:2918",
        " (rev 02)",
    ),
)


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
    if call.name == "hostname" and call.words and not any(arg.startswith(("-F", "--file")) for arg in call.args):
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
    elif call.name == "dnsdomainname":
        call.print("internal")
    else:
        return _of_host(call)
    return 0


_HOSTNAME = {"all-fqdns": "A", "alias": "a", "boot": "b", "domain": "d", "fqdn": "f", "long": "f", "file": "F:",
             "ip-address": "i", "all-ip-addresses": "I", "short": "s", "yp": "y", "nis": "y", "help": "h",
             "version": "V"}  # fmt: skip


def _of_host(call: Call) -> int:
    """Show what `hostname` is asked for with a letter; the name without."""
    found, machine = options(call, "aAbdfF:iIsyhV", _HOSTNAME), call.shell.machine
    if "F" in found:
        try:
            text = decode(piece_of(call.content(found.last("F")), 0, 4096))
        except FileSystemError as error:
            return call.fail(str(error))
        return _rename(call, next((line.strip() for line in text.splitlines() if line.strip()), ""))
    if "y" in found:
        return call.fail("Local domain name not set")
    if "I" in found:
        call.print(machine.address + " ")
    elif found.any("iadA"):
        call.print({"i": machine.address, "d": "internal"}.get(next(one for one in "iadA" if one in found), ""))
    else:
        call.print(machine.hostname.partition(".")[0] if "s" in found else machine.hostname)
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
