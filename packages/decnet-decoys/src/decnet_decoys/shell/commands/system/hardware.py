# SPDX-License-Identifier: MIT
"""Commands about the machine: uname, uptime, free, df, lscpu, nproc, date, hostname, mount, dmesg."""

from decnet_decoys.personas.schema import Persona
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.listing import human
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.distribution import memory_disks, mounts
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command


@command("systemd-detect-virt", families=("debian",))
def detect_virtualization(call: Call) -> int:
    """Print the hypervisor, in agreement with hostnamectl and lspci."""
    call.print("kvm")
    return 0


@command("uname", "arch")
def uname(call: Call) -> int:
    """Name the system; -a -s -n -r -v -m -o -p."""
    options, _ = call.flags()
    persona, machine = call.shell.machine.persona, call.shell.machine
    values = {
        "s": "Linux",
        "n": machine.hostname,
        "r": persona.kernel,
        "v": persona.kernel_build,
        "m": persona.machine,
        "o": "GNU/Linux",
    }
    if call.name == "arch":
        call.print(persona.machine)
    elif {"a", "all"} & options.keys():
        call.print(" ".join(values.values()))
    else:
        options = {("m" if letter in "pi" else letter): "" for letter in options}
        call.print(" ".join(value for letter, value in values.items() if letter in options) or "Linux")
    return 0


def uptime_line(call: Call, users: int) -> str:
    """Return the first line of `uptime` and `w`."""
    seconds = max(0, call.shell.now - call.shell.machine.booted)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    clock = call.shell.date("%H:%M:%S")
    plural = "s" if days != 1 else ""
    return f" {clock} up {days} day{plural}, {hours:2}:{minutes:02},  {users} user,  load average: 0.08, 0.03, 0.01"


@command("uptime")
def uptime(call: Call) -> int:
    call.print(uptime_line(call, users=1))
    return 0


@command("free")
def free(call: Call) -> int:
    """Show memory; -m -g -h."""
    options, _ = call.flags()
    hardware = call.shell.machine.persona.hardware
    divisor = {"m": 1024, "g": 1 << 20}
    unit = next((divisor[letter] for letter in divisor if letter in options), 1)
    left = hardware.memory_kib - hardware.used_kib
    row = [hardware.memory_kib, hardware.used_kib, left * 2 // 5, left // 90, left * 3 // 5, left * 9 // 10]
    shown = [human(n * 1024) + "i" if "h" in options else str(n // unit) for n in row]
    call.print("               total        used        free      shared  buff/cache   available")
    call.print("Mem:    " + "".join(f"{value:>12}" for value in shown))
    call.print("Swap:   " + "".join(f"{0:>12}" for _ in range(3)))
    return 0


@command("df")
def df(call: Call) -> int:
    """Show disks; -h."""
    options, _ = call.flags("t")
    big = "h" in options
    rows = [("Filesystem", *(("Size", "Used", "Avail") if big else ("1K-blocks", "Used", "Available")), "Use%")]
    mount_points = ["Mounted on"]
    for device, mount_point, kib, used in _mounted(call.shell.machine.persona):
        usable = kib * 95 // 100 if device.startswith("/") else kib
        shown = [human(n * 1024) if big and n else str(n) for n in (kib, used, usable - used)]
        rows.append((device, shown[0], shown[1], shown[2], f"{-(-used * 100 // usable)}%"))
        mount_points.append(mount_point)
    least = (14, 5, 5, 5, 4) if big else (14, 0, 0, 0, 4)
    widths = [max(size, *map(len, column)) for size, column in zip(least, zip(*rows, strict=True), strict=True)]
    for row, mount_point in zip(rows, mount_points, strict=True):
        call.print(f"{row[0]:<{widths[0]}} " + " ".join(map(str.rjust, row[1:], widths[1:])) + f" {mount_point}")
    return 0


def _mounted(persona: Persona) -> list[tuple[str, str, int, int]]:
    """Return what `df` lists, in its order: what is in memory and came before the disks, the disks, the rest."""
    disks = [(disk.device, disk.mount, disk.size, disk.used) for disk in persona.hardware.disks]
    memory = memory_disks(persona)
    return [*memory[:2], *disks[:1], *memory[2:4], *disks[1:], *memory[4:]]


@command("mount", "lsblk", "blkid", "fdisk")
def mount(call: Call) -> int:
    """Show what is mounted; mounting is refused."""
    disks = call.shell.machine.persona.hardware.disks
    if call.name == "lsblk":
        call.print("NAME    MAJ:MIN RM   SIZE RO TYPE MOUNTPOINTS")
        for number, disk in enumerate(disks):
            call.print(f"{disk.device[5:]:<7} 254:{number:<5} 0 {human(disk.size * 1024):>6}  0 part {disk.mount}")
        return 0
    if call.words:
        return call.fail("permission denied." if call.name == "mount" else "cannot open: Operation not permitted", 32)
    for device, mount_point, kind, options in mounts(call.shell.machine.persona):
        call.print(f"{device} on {mount_point} type {kind} ({options})")
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
    for name, value in (
        ("Architecture", persona.machine),
        ("CPU op-mode(s)", "32-bit, 64-bit"),
        ("Byte Order", "Little Endian"),
        ("CPU(s)", str(hardware.cores)),
        ("On-line CPU(s) list", f"0-{hardware.cores - 1}"),
        ("Vendor ID", vendor),
        ("Model name", hardware.cpu),
        ("Thread(s) per core", "1"),
        ("Core(s) per socket", str(hardware.cores)),
        ("Socket(s)", "1"),
        ("CPU MHz", f"{hardware.mhz:.3f}"),
    ):
        call.print(f"{name + ':':<24}{value}")
    return 0


@command("lspci", "lsusb", "lsmod", "dmidecode", "lshw")
def devices(call: Call) -> int:
    """List devices, sparsely: a virtual machine has few."""
    if call.name == "lspci":
        call.print("00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)")
        call.print("00:02.0 VGA compatible controller: Cirrus Logic GD 5446")
    elif call.name == "lsmod":
        call.print(
            "Module                  Size  Used by\nnf_tables             303104  0\next4                  995328  1"
        )
    elif call.shell.identity.uid != 0:
        return call.fail("Permission denied")
    return 0


@command("date")
def date(call: Call) -> int:
    """Print the time; +FORMAT with the common letters."""
    layout = next((arg[1:] for arg in call.args if arg.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    text = layout.replace("%s", str(call.shell.now)).replace("%N", "000000000")
    for letter in "YmdHMSjaAbByFTDZuweI":
        text = text.replace("%" + letter, call.shell.date("%" + letter))
    call.print(text)
    return 0


@command("hostname", "hostnamectl", "dnsdomainname")
def hostname(call: Call) -> int:
    machine = call.shell.machine
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
    version = next((word for word in rest.split() if word[0].isdigit()), "")
    call.print(f"Distributor ID:\t{vendor}\nDescription:\t{name}\nRelease:\t{version}")
    return 0


@command("dmesg")
def dmesg(call: Call) -> int:
    """Show the first lines of the kernel log."""
    if call.shell.identity.uid != 0:
        return call.fail("read kernel buffer failed: Operation not permitted")
    persona = call.shell.machine.persona
    call.print(f"[    0.000000] Linux version {persona.kernel} {persona.kernel_build}")
    call.print(f"[    0.000000] Memory: {persona.hardware.memory_kib}K available")
    call.print(f"[    1.204118] {persona.hardware.interface}: link becomes ready")
    return 0


@command("reboot", "shutdown", "halt", "poweroff", "init", folder="/usr/sbin")
def reboot(call: Call) -> int:
    """Refuse to go down, as a machine with an inhibitor does."""
    if call.shell.identity.uid != 0:
        return call.fail("must be superuser.")
    return call.fail("Failed to talk to init daemon.")


@command("insmod", "modprobe", "rmmod", "swapon", "sysctl", folder="/usr/sbin")
def kernel(call: Call) -> int:
    """Refuse what would change the kernel; `sysctl name` reads."""
    name = call.args[-1] if call.args else ""
    if call.name == "sysctl" and "=" not in name:
        try:
            value = call.shell.files.read("/proc/sys/" + name.replace(".", "/"), call.shell.access)
        except FileSystemError:
            return call.fail(f"cannot stat /proc/sys/{name.replace('.', '/')}: No such file or directory", 255)
        call.print(f"{name} = {decode(whole_of(value)).strip()}")
        return 0
    return call.fail(f"ERROR: could not {call.name} '{name}': Operation not permitted")
