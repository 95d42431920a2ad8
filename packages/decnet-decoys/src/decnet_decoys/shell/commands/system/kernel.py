# SPDX-License-Identifier: MIT
"""Commands about the kernel and its limits: sysctl, modprobe, dmesg, swapon, getconf, locale, dmidecode."""

import uuid

from decnet_decoys.personas.schema import Hardware
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile


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
        return (yield from _loaded(call, flags))
    for word in call.words:
        yield from turn()
        status = _setting(call, word, flags) or status
    return status


def _loaded(call: Call, flags: set[str]) -> Effects:
    """Set what the lines of /etc/sysctl.conf, or of the files that are named, say."""
    status = 0
    for path in call.words[:8] or ["/etc/sysctl.conf"]:
        source = None
        try:
            source = InputFile(path, call.content(path))
        except FileSystemError as error:
            status = call.fail(f'cannot open "{path[:4096]}": {error}')
        for line in source.lines() if source is not None else ():
            yield from turn()
            text = decode(line).strip()
            if text and text[0] not in "#;" and "=" in text:
                status = _setting(call, text.lstrip("-"), flags - {"-p"}) or status
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


_MISSING = {"rmmod": "missing module name.", "insmod": "missing filename.",
            "modinfo": "missing module or filename."}  # fmt: skip
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
        return call.fail("ERROR: " + _MISSING.get(call.name, "missing parameters. See -h."))
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
    words = call.words
    name = words[0] if words else ""
    if not name or len(words) > 2 - (not name.startswith(("NAME_", "PATH_"))):
        call.print_error("Usage: getconf [-v specification] variable_name [pathname]\n       getconf -a [pathname]")
        return 2
    if name not in values:
        return call.fail(f"Unrecognized variable `{name[:64]}'", 2)
    call.print(values[name])
    return 0


_CATEGORIES = (
    "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_PAPER", "LC_NAME",
    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
)  # fmt: skip


@command("locale", families=("debian",))
def locale(call: Call) -> int:
    if "-a" in call.args:
        call.print("C\nC.utf8\nen_US.utf8\nPOSIX")
        return 0
    unknown = next((name for name in call.words if name not in (*_CATEGORIES, "charmap", "LC_ALL")), None)
    if unknown is not None:
        call.print_error(f'locale: unknown name "{unknown[:64]}"')
        return 1
    lang, everything = (call.shell.variables.get(name, "") for name in ("LANG", "LC_ALL"))
    call.print(f"LANG={lang}\nLANGUAGE=")
    for name in _CATEGORIES:
        call.print(f'{name}="{everything or lang}"')
    call.print(f"LC_ALL={everything}")
    return 0


@command("dmidecode", folder="/usr/sbin")
def dmidecode(call: Call) -> int:
    """Show what the hypervisor tells."""
    if call.shell.identity.uid != 0:
        call.print("# dmidecode 3.4\n/sys/firmware/dmi/tables/smbios_entry_point: Permission denied")
        return 1
    found = options(call, "d:hqs:t:H:uV", {"string": "s:", "type": "t:", "quiet": "q", "dump": "u", "dev-mem": "d:",
                    "handle": "H:", "help": "h", "version": "V", "from-dump": "f:"}, status=2)  # fmt: skip
    hardware = call.shell.machine.persona.hardware
    if "s" in found:
        keyword = found.last("s")
        if keyword not in _KEYWORDS:
            names = "".join(f"  {name}\n" for name in _KEYWORDS)
            call.print_error(f"Invalid string keyword: {keyword[:64]}\nValid string keywords are:\n{names}", end="")
            return 2
        text = hardware.cpu if keyword == "processor-version" else _KEYWORDS[keyword]
        call.print(str(uuid.uuid5(uuid.NAMESPACE_OID, hardware.mac)) if keyword == "system-uuid" else text)
        return 0
    kind = found.last("t").lower()
    if kind and kind not in _TYPES and not kind.replace(",", "").isdecimal():
        names = "".join(f"  {name}\n" for name in _TYPES)
        call.print_error(f"Invalid type keyword: {kind[:64]}\nValid type keywords are:\n{names}", end="")
        return 2
    if "q" not in found:
        call.print("# dmidecode 3.4\nGetting SMBIOS data from sysfs.\nSMBIOS 2.8 present.")
        call.print("" if kind else "9 structures occupying 446 bytes.\nTable at 0x7FFFFCD0.\n")
    numbers = [str(number) for number in _TYPES.get(kind, ())] or [one for one in kind.split(",") if one]
    for number, handle, size, title, rows in _structures(hardware):
        if numbers and str(number) not in numbers:
            continue
        if "q" not in found:
            call.print(f"Handle 0x{handle:04X}, DMI type {number}, {size} bytes")
        call.print(title + "".join(f"\n\t{name}: {value}" for name, value in rows) + "\n")
    return 0


_KEYWORDS = {
    "bios-vendor": "SeaBIOS", "bios-version": "1.16.2-debian-1.16.2-1", "bios-release-date": "04/01/2014",
    "bios-revision": "0.0", "firmware-revision": "", "system-manufacturer": "QEMU",
    "system-product-name": "Standard PC (Q35 + ICH9, 2009)", "system-version": "pc-q35-7.2",
    "system-serial-number": "Not Specified", "system-uuid": "", "system-sku-number": "Not Specified",
    "system-family": "Not Specified", "baseboard-manufacturer": "", "baseboard-product-name": "",
    "baseboard-version": "", "baseboard-serial-number": "", "baseboard-asset-tag": "", "chassis-manufacturer": "QEMU",
    "chassis-type": "Other", "chassis-version": "pc-q35-7.2", "chassis-serial-number": "Not Specified",
    "chassis-asset-tag": "Not Specified", "processor-family": "Other", "processor-manufacturer": "QEMU",
    "processor-version": "", "processor-frequency": "2000 MHz",
}  # fmt: skip
_TYPES = {
    "bios": (0, 13), "system": (1, 12, 15, 23, 32), "baseboard": (2, 10, 41), "chassis": (3,), "processor": (4,),
    "memory": (5, 6, 16, 17), "cache": (7,), "connector": (8,), "slot": (9,),
}  # fmt: skip
_Structure = tuple[int, int, int, str, tuple[tuple[str, str], ...]]


def _structures(hardware: Hardware) -> list[_Structure]:
    """Return the structures of the firmware of a virtual machine: type, handle, size, title and rows."""
    mebibytes = -(-hardware.memory_kib // 1024 // 512) * 512
    size = f"{mebibytes // 1024} GB" if mebibytes % 1024 == 0 else f"{mebibytes} MB"
    machine = (("Manufacturer", "QEMU"), ("Version", "pc-q35-7.2"), ("Serial Number", "Not Specified"))
    system = (machine[0], ("Product Name", _KEYWORDS["system-product-name"]), *machine[1:],
              ("UUID", str(uuid.uuid5(uuid.NAMESPACE_OID, hardware.mac))), ("Wake-up Type", "Power Switch"),
              ("SKU Number", "Not Specified"), ("Family", "Not Specified"))  # fmt: skip
    bios = (("Vendor", "SeaBIOS"), ("Version", _KEYWORDS["bios-version"]), ("Release Date", "04/01/2014"),
            ("Address", "0xE8000"), ("Runtime Size", "96 kB"), ("ROM Size", "64 kB"))  # fmt: skip
    chassis = (machine[0], ("Type", "Other"), ("Lock", "Not Present"), *machine[1:], ("Boot-up State", "Safe"))
    memory = (("Array Handle", "0x1000"), ("Total Width", "Unknown"), ("Size", size), ("Form Factor", "DIMM"),
              ("Locator", "DIMM 0"), ("Type", "RAM"), ("Manufacturer", "QEMU"))  # fmt: skip
    processors: list[_Structure] = [
        (4, 0x400 + core, 42, "Processor Information", (
            ("Socket Designation", f"CPU {core}"), ("Type", "Central Processor"), ("Family", "Other"),
            ("Manufacturer", "QEMU"), ("Version", hardware.cpu), ("Max Speed", "2000 MHz"),
            ("Status", "Populated, Enabled"), ("Core Count", "1"), ("Thread Count", "1")))
        for core in range(hardware.cores)
    ]  # fmt: skip
    return [
        (0, 0, 24, "BIOS Information", bios), (1, 0x100, 27, "System Information", system),
        (3, 0x300, 22, "Chassis Information", chassis), *processors,
        (16, 0x1000, 23, "Physical Memory Array", (("Location", "Other"), ("Use", "System Memory"),
         ("Maximum Capacity", size), ("Number Of Devices", "1"))),
        (17, 0x1100, 40, "Memory Device", memory),
    ]  # fmt: skip
