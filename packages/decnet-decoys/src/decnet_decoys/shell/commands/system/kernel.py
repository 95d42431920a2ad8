# SPDX-License-Identifier: MIT
"""Commands about the kernel and its limits: sysctl, modprobe, dmesg, swapon, getconf, locale, blkid, dmidecode."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.filesystem import KERNEL
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command


@command("sysctl", folder="/usr/sbin")
def sysctl(call: Call) -> Effects:
    """Show and set what /proc/sys has."""
    flags = {arg for arg in call.args if arg.startswith("-")}
    files, status = call.shell.files, 0
    if flags & {"-a", "--all", "-A"}:
        for path, entry in files.walk("/proc/sys"):
            yield from turn()
            if entry.kind == "file":
                call.print(f"{path[10:].replace('/', '.')} = {decode(whole_of(entry.content)).strip()}")
        return 0
    if flags & {"-p", "--load", "--system"}:
        return 0
    for word in call.words:
        yield from turn()
        status = _setting(call, word, flags) or status
    return status


def _setting(call: Call, word: str, flags: set[str]) -> int:
    """Show one setting, or set it."""
    files = call.shell.files
    name, equals, value = (part.strip() for part in word.partition("="))
    path = "/proc/sys/" + name.replace(".", "/")
    if "-w" in flags and not equals:
        return call.fail("command line(0): invalid syntax, continuing...")
    try:
        files.stat(path)
        if equals and call.shell.identity.uid != 0:
            return call.fail(f'permission denied on key "{name}"')
        if equals:
            files.write(path, encode(value + "\n"), KERNEL)
        shown = value if equals else decode(whole_of(files.read(path, call.shell.access))).strip()
    except FileSystemError:
        return call.fail(f"cannot stat {path}: No such file or directory")
    if not flags & {"-q", "--quiet"}:
        call.print(shown if flags & {"-n", "--values"} else f"{name} = {shown}")
    return 0


_MODULES = (
    ("nf_tables", 303104, "0"), ("tls", 135168, "0"), ("virtio_net", 73728, "0"),
    ("net_failover", 20480, "1 virtio_net"),
    ("failover", 16384, "1 net_failover"), ("virtio_blk", 32768, "2"),
    ("ext4", 995328, "1"), ("crc16", 16384, "1 ext4"),
    ("mbcache", 16384, "1 ext4"), ("jbd2", 184320, "1 ext4"),
)  # fmt: skip


@command("lsmod", folder="/usr/sbin")
def lsmod(call: Call) -> int:
    call.print("Module                  Size  Used by")
    for name, size, used in _MODULES:
        call.print(f"{name:<20} {size:>7}  {used}")
    return 0


_WITHOUT_MODULE = {
    "modinfo": "ERROR: Module {name} not found.",
    "insmod": "ERROR: could not load module {name}: No such file or directory",
    "rmmod": "ERROR: Module {name} is not currently loaded",
}


@command("modprobe", "insmod", "rmmod", "modinfo", folder="/usr/sbin")
def modprobe(call: Call) -> int:
    """Load what the kernel has; that is not much."""
    names, release = call.words, call.shell.machine.persona.kernel
    if not names:
        return call.fail("ERROR: missing parameters. See -h.")
    name = names[0][:64]
    if call.name in _WITHOUT_MODULE:
        return call.fail(_WITHOUT_MODULE[call.name].format(name=name))
    if name in ("msr", "overlay", "br_netfilter", "nf_conntrack", "tun") or name in [one[0] for one in _MODULES]:
        if call.shell.identity.uid == 0:
            return 0
        return call.fail(f"ERROR: could not insert '{name}': Operation not permitted")
    return call.fail(f"FATAL: Module {name} not found in directory /lib/modules/{release}")


@command("swapon", "swapoff", folder="/usr/sbin")
def swapon(call: Call) -> int:
    """Show no swap."""
    for path in call.words:
        return call.fail(f"cannot open {path}: No such file or directory", 255)
    return 0


@command("dmesg")
def dmesg(call: Call) -> int:
    """Show the first lines of the kernel log."""
    if call.shell.identity.uid != 0:
        return call.fail("read kernel buffer failed: Operation not permitted")
    if {"-c", "-C", "--clear"} & set(call.args):
        return 0
    persona = call.shell.machine.persona
    disk = persona.hardware.disks[0]
    call.print(f"[    0.000000] Linux version {persona.kernel} {persona.kernel_build}")
    call.print(f"[    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-{persona.kernel} root={disk.device} ro quiet")
    call.print("[    0.000000] BIOS-provided physical RAM map:\n[    0.000000] Hypervisor detected: KVM")
    call.print(f"[    0.021846] Memory: {persona.hardware.memory_kib}K available")
    call.print(
        f"[    1.118204] EXT4-fs ({disk.device[5:]}): mounted filesystem with ordered data mode. Quota mode: none."
    )
    call.print(f"[    1.204118] IPv6: ADDRCONF(NETDEV_CHANGE): {persona.hardware.interface}: link becomes ready")
    return 0


@command("getconf")
def getconf(call: Call) -> int:
    cores = call.shell.machine.persona.hardware.cores
    values = {
        "LONG_BIT": "64", "PAGE_SIZE": "4096", "PAGESIZE": "4096", "_NPROCESSORS_ONLN": str(cores),
        "ARG_MAX": "2097152", "PATH": "/bin:/usr/bin", "NAME_MAX": "255", "PATH_MAX": "4096",
        "_NPROCESSORS_CONF": str(cores), "CLK_TCK": "100", "GNU_LIBC_VERSION": "glibc 2.36", "OPEN_MAX": "1024",
        "_PHYS_PAGES": str(call.shell.machine.persona.hardware.memory_kib // 4), "WORD_BIT": "32", "CHAR_BIT": "8",
    }  # fmt: skip
    name = next(iter(call.words), "")
    if not name:
        call.print_error("Usage: getconf [-v specification] variable_name [pathname]\n       getconf -a [pathname]")
        return 2
    if name not in values:
        return call.fail(f"Unrecognized variable `{name[:64]}'", 2)
    call.print(values[name])
    return 0


@command("locale", families=("debian",))
def locale(call: Call) -> int:
    if "-a" in call.args:
        call.print("C\nC.utf8\nen_US.utf8\nPOSIX")
        return 0
    lang, everything = (call.shell.variables.get(name, "") for name in ("LANG", "LC_ALL"))
    call.print(f"LANG={lang}\nLANGUAGE=")
    for name in ("CTYPE", "NUMERIC", "TIME", "COLLATE", "MONETARY", "MESSAGES", "PAPER", "NAME", "ADDRESS", "TELEPHONE",
                 "MEASUREMENT", "IDENTIFICATION"):  # fmt: skip
        call.print(f'LC_{name}="{everything or lang}"')
    call.print(f"LC_ALL={everything}")
    return 0


@command("blkid", folder="/usr/sbin")
def blkid(call: Call) -> int:
    disks = call.shell.machine.persona.hardware.disks
    for number, disk in enumerate(disks, 1):
        identity = f"7c9e66{number:02x}-3b1d-4d2a-9f0e-5a6b7c8d9e0f"
        part = f'BLOCK_SIZE="4096" TYPE="{disk.type}" PARTUUID="a1b2c3d4-{number:02}"'
        call.print(f'{disk.device}: UUID="{identity}" {part}')
    return 0 if disks else 2


@command("dmidecode", folder="/usr/sbin")
def dmidecode(call: Call) -> int:
    """Show what the hypervisor tells."""
    if call.shell.identity.uid != 0:
        call.print("# dmidecode 3.4\n/sys/firmware/dmi/tables/smbios_entry_point: Permission denied")
        return 1
    if "-s" in call.args:
        values = {"system-manufacturer": "QEMU", "system-product-name": "Standard PC (Q35 + ICH9, 2009)",
                  "bios-vendor": "SeaBIOS", "system-version": "pc-q35-7.2"}  # fmt: skip
        call.print(values.get(call.args[-1], "Not Specified"))
        return 0
    call.print(
        "# dmidecode 3.4\nGetting SMBIOS data from sysfs.\nSMBIOS 2.8 present.\n9 structures occupying 446 bytes."
    )
    call.print("Handle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: QEMU")
    call.print(
        "\tProduct Name: Standard PC (Q35 + ICH9, 2009)\n\tVersion: pc-q35-7.2\n\tSerial Number: Not Specified\n"
    )
    return 0
