# SPDX-License-Identifier: MIT
"""Commands about disks and file systems: df, lsblk, blkid, fdisk (df(1), lsblk(8), blkid(8), fdisk(8))."""

from typing import NamedTuple

from decnet_decoys.personas.schema import Disk, Persona
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.listing import human
from decnet_decoys.shell.commands.options import Options, options, tried
from decnet_decoys.shell.commands.system.mounting import around
from decnet_decoys.shell.commands.system.tables import Column, table
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.condition import Mount
from decnet_decoys.shell.machine.distribution import memory_disks, mounts
from decnet_decoys.shell.programs import command

_DF = {"human-readable": "h", "si": "H", "inodes": "i", "print-type": "T", "portability": "P", "all": "a", "local": "l",
       "total": "total", "output": "output?", "type": "t:", "exclude-type": "x:", "block-size": "B:", "sync": "sync",
       "no-sync": "sync"}  # fmt: skip
MAX_CHOSEN = 200
"""Rows that df lays out."""


class _Usage(NamedTuple):
    """A file system: sizes in KiB."""

    device: str
    point: str
    kind: str
    size: int
    used: int
    file: str = "-"

    @property
    def usable(self) -> int:
        """Return the size without what ext4 keeps for root."""
        return self.size * 95 // 100 if self.device.startswith("/") else self.size


@command("df")
def df(call: Call) -> Effects:
    """Show file systems: all, or those of paths."""
    found = options(call, "hHiTPaklmt:x:B:", _DF)
    fields = _fields(call, found)
    mounted = _mounted(call.shell.machine.persona)
    mounted += [_of_mount(call, one) for one in call.shell.machine.condition.mounts if one[2] == "tmpfs"]
    chosen, status = (mounted if not found.operands else []), 0
    for path in found.operands:
        yield from turn()
        at = around(call, path, call.shell.machine.mounts())
        if not at:
            status = call.fail(f"{path}: No such file or directory")
            continue
        known = next((one for one in mounted if one.point == at[0][1]), None)
        one = known or _of_mount(call, at[0])
        chosen.append(one._replace(file=path[:256]))
    kinds, without = found.values.get("t", []), found.values.get("x", [])
    chosen = [one for one in chosen if (not kinds or one.kind in kinds) and one.kind not in without][:MAX_CHOSEN]
    if not chosen:
        if not status:
            call.fail("no file systems processed")
        return 1
    if "total" in found:
        chosen.append(_Usage("total", "-", "-", sum(o.size for o in chosen), sum(o.used for o in chosen)))
    scale = _Scale(found)
    columns = [scale.column(name, output="output" in found) for name in fields]
    for line in table(columns, [[scale.cell(one, name) for name in fields] for one in chosen]):
        call.print(line)
    return status


def _of_mount(call: Call, mount: Mount) -> _Usage:
    """Return the usage of what an intruder mounted: half of the memory where no size= is given."""
    device, point, kind, how = mount
    disks = {disk.device: disk for disk in call.shell.machine.persona.hardware.disks}
    if device in disks:
        return _Usage(device, point, kind, disks[device].size, disks[device].used)
    asked = next((one[5:] for one in how.split(",") if one.startswith("size=")), "")
    number, unit = asked.rstrip("kKmMgG%"), asked[-1:].upper()
    kib = call.shell.machine.persona.hardware.memory_kib // 2 if kind == "tmpfs" else 0
    if number.isdecimal() and len(number) < 12 and unit in _UNITS:
        kib = int(number) * _UNITS[unit]
    return _Usage(device, point, kind, kib, 0)


def _fields(call: Call, found: Options) -> list[str]:
    """Return the names of the columns; raises UsageError for an unknown one."""
    if "output" not in found:
        figures = ["itotal", "iused", "iavail", "ipcent"] if "i" in found else ["size", "used", "avail", "pcent"]
        return ["source", *(["fstype"] if "T" in found else []), *figures, "target"]
    names = [name for name in found.last("output").split(",")[:24] if name] or list(_TITLES)
    unknown = next((name for name in names if name not in _TITLES), None)
    if unknown is not None:
        raise tried(call, f"option --output: field \u2018{unknown[:64]}\u2019 unknown")
    return names


_TITLES = {
    "source": "Filesystem", "fstype": "Type", "itotal": "Inodes", "iused": "IUsed", "iavail": "IFree",
    "ipcent": "IUse%", "size": "Size", "used": "Used", "avail": "Avail", "pcent": "Use%", "file": "File",
    "target": "Mounted on",
}  # fmt: skip
_UNITS = {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}


class _Scale:
    """In which unit sizes are shown, and what the columns are called then."""

    def __init__(self, found: Options) -> None:
        self.human, self.thousands, self.inodes = found.any("hH"), "H" in found, "i" in found
        self.portable = "P" in found and not self.human
        asked = found.last("B").upper() if "B" in found else "M" if "m" in found else "K"
        letter = asked.lstrip("1").removesuffix("B").removesuffix("I") or "K"
        self.unit = _UNITS.get(letter, 1)
        self.name = {1: "1K", 1 << 10: "1M", 1 << 20: "1G", 1 << 30: "1T"}[self.unit]
        self.suffix = letter if "B" in found and not asked[:1].isdecimal() and letter in _UNITS else ""

    def column(self, name: str, *, output: bool) -> Column:
        title = _TITLES[name]
        if name == "size" and not self.human:
            title = "1024-blocks" if self.portable and self.unit == 1 else f"{self.name}-blocks"
        elif name == "avail" and not self.human and not output:
            title = "Available"
        elif name == "pcent" and self.portable:
            title = "Capacity"
        least = {"source": 14, "fstype": 4, "pcent": 4, "ipcent": 4}.get(name, 0 if name in ("file", "target") else 5)
        return Column(title, least, right=name not in ("source", "fstype", "file", "target"))

    def cell(self, one: _Usage, name: str) -> str:
        nodes = one.size // 16
        busy = min(nodes, nodes // 37 + 1)
        texts = {"source": one.device, "fstype": one.kind, "file": one.file, "target": one.point}
        if name in texts:
            return texts[name]
        if name == "pcent":
            return f"{-(-one.used * 100 // one.usable)}%" if one.usable else "-"
        if name == "ipcent":
            return f"{-(-busy * 100 // nodes)}%" if nodes else "-"
        if name[0] == "i":
            count = {"itotal": nodes, "iused": busy, "iavail": nodes - busy}[name]
            return self._short(count) if self.human and count else str(count)
        kib = {"size": one.size, "used": one.used, "avail": one.usable - one.used}[name]
        if self.human:
            return self._short(kib * 1024) if kib else "0"
        return f"{-(-kib // self.unit)}{self.suffix}"

    def _short(self, count: int) -> str:
        if not self.thousands:
            return human(count)
        return human(count * 1.024 ** (len(str(count)) // 3.01)).replace("K", "k")


def _mounted(persona: Persona) -> list[_Usage]:
    """Return what `df` lists, in its order: what is in memory and came before the disks, the disks, the rest."""
    kinds = {point: kind for _, point, kind, _ in mounts(persona)}
    disks = [_Usage(disk.device, disk.mount, disk.type, disk.size, disk.used) for disk in persona.hardware.disks]
    memory = [_Usage(name, point, kinds.get(point, "tmpfs"), size, used)
              for name, point, size, used in memory_disks(persona)]  # fmt: skip
    return [*memory[:2], *disks[:1], *memory[2:4], *disks[1:], *memory[4:]]


class _Block(NamedTuple):
    """A block device: a disk or a partition, and the size in bytes."""

    name: str
    number: int
    size: int
    kind: str
    partition: Disk | None = None


def _blocks(persona: Persona) -> list[_Block]:
    """Return each disk followed by its partitions."""
    disks = persona.hardware.disks
    found, wholes = [], dict.fromkeys(_whole(disk.device) for disk in disks)
    for index, whole in enumerate(wholes):
        own = [disk for disk in disks if _whole(disk.device) == whole]
        size = sum(disk.size for disk in own) * 1024 + _TABLE_BYTES
        found.append(_Block(whole, index * 16, size, "disk"))
        for disk in own:
            number = int(disk.device[5:].removeprefix(whole).lstrip("p") or "0")
            found.append(_Block(disk.device[5:], index * 16 + number, disk.size * 1024, "part", disk))
    return found


_TABLE_BYTES = 2 << 20
"""What a disk has besides its partitions."""
_MAJOR = {"vd": "254", "sd": "8", "mm": "179", "md": "9", "nv": "259"}


def _whole(device: str) -> str:
    name = device.removeprefix("/dev/")
    bare = name.rstrip("0123456789")
    return bare.removesuffix("p") if bare.startswith(("mmcblk", "nvme")) and bare.endswith("p") else bare


def uuid_of(disk: Disk, disks: tuple[Disk, ...]) -> str:
    """Return the UUID of a file system, the same for all commands."""
    return f"7c9e66{disks.index(disk) + 1:02x}-3b1d-4d2a-9f0e-5a6b7c8d9e0f"


_LSBLK = {
    "all": "a", "bytes": "b", "nodeps": "d", "discard": "D", "fs": "f", "ascii": "i", "list": "l", "perms": "m",
    "noheadings": "n", "output": "o:", "output-all": "O", "paths": "p", "pairs": "P", "raw": "r", "scsi": "S",
    "topology": "t", "tree": "T?", "json": "J", "exclude": "e:", "include": "I:", "inverse": "s", "sort": "x:",
    "help": "h", "version": "V", "zoned": "z", "width": "w:", "dedup": "E:", "merge": "M",
}  # fmt: skip
_BLOCK_COLUMNS = {
    "NAME": False, "KNAME": False, "PATH": False, "MAJ:MIN": False, "RM": True, "SIZE": True, "RO": True,
    "TYPE": False, "MOUNTPOINTS": False, "MOUNTPOINT": False, "FSTYPE": False, "FSVER": False, "LABEL": False,
    "UUID": False, "FSAVAIL": True, "FSUSE%": True, "FSSIZE": True, "FSUSED": True, "OWNER": False, "GROUP": False,
    "MODE": False, "MODEL": False, "SERIAL": False, "VENDOR": False, "TRAN": False, "ROTA": True, "PARTUUID": False,
    "PKNAME": False, "PARTLABEL": False, "STATE": False, "HCTL": False, "REV": False,
}  # fmt: skip
"""Whether each is aligned to the right."""


@command("lsblk")
def lsblk(call: Call) -> int:
    """Show block devices as a tree, a list, pairs, or JSON."""
    found = options(call, "abdDfilmnOpPrSttJe:I:sx:hVzw:E:Mo:T::", _LSBLK)
    names = ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"]
    if "f" in found:
        names = ["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", "MOUNTPOINTS"]
    elif "m" in found:
        names = ["NAME", "SIZE", "OWNER", "GROUP", "MODE"]
    if "o" in found:
        asked = [name.upper() for name in found.last("o").split(",")][:32]
        names = [*names, asked[0][1:], *asked[1:]] if asked[0].startswith("+") else asked
    unknown = next((name for name in names if name not in _BLOCK_COLUMNS), None)
    if unknown is not None:
        return call.fail(f"unknown column: {found.last('o').split(',')[names.index(unknown)][:64]}")
    blocks = [one for one in _blocks(call.shell.machine.persona) if "d" not in found or one.kind == "disk"]
    if "S" in found:
        return 0
    wanted = [word.removeprefix("/dev/") for word in found.operands[:32]]
    for word, name in zip(found.operands, wanted, strict=False):
        if name not in [one.name for one in blocks]:
            return call.fail(f"{word[:4096]}: not a block device", 32)
    if wanted:
        blocks = [one for one in blocks if one.name in wanted or (_whole(one.name) in wanted)]
    _blocks_shown(call, found, names, blocks)
    return 0


def _blocks_shown(call: Call, found: Options, names: list[str], blocks: list[_Block]) -> None:
    rows = [[_block_cell(call, found, one, name) for name in names] for one in blocks]
    if "P" in found:
        for row in rows:
            call.print(" ".join(f'{name}="{cell}"' for name, cell in zip(names, row, strict=True)))
        return
    if "r" in found:
        for row in rows if "n" in found else [names, *rows]:
            call.print(" ".join(row))
        return
    if not found.any("lJ") and "NAME" in names:
        place = names.index("NAME")
        for index, (one, row) in enumerate(zip(blocks, rows, strict=True)):
            last = index + 1 == len(blocks) or blocks[index + 1].kind == "disk"
            row[place] = ("" if one.kind == "disk" or "d" in found else _branch("i" in found, last)) + row[place]
    columns = [Column(name, 5 if name == "SIZE" else 0, right=_BLOCK_COLUMNS[name]) for name in names]
    for line in table(columns, rows, head="n" not in found):
        call.print(line)


def _branch(plain: bool, last: bool) -> str:  # two of its kind
    return ("`-" if last else "|-") if plain else ("\u2514\u2500" if last else "\u251c\u2500")


def _block_cell(call: Call, found: Options, one: _Block, name: str) -> str:
    disk, disks = one.partition, call.shell.machine.persona.hardware.disks
    path, major = f"/dev/{one.name}", _MAJOR.get(one.name[:2], "254")
    sized = str(one.size) if "b" in found else human(one.size)
    shown = {
        "NAME": path if "p" in found else one.name, "KNAME": one.name, "PATH": path, "RM": "0", "SIZE": sized,
        "MAJ:MIN": f"{major}:{one.number}", "RO": "0", "TYPE": one.kind, "OWNER": "root", "GROUP": "disk",
        "MODE": "brw-rw----", "ROTA": "1",
    }  # fmt: skip
    if disk is not None:
        left = disk.size * 95 // 100 - disk.used
        shown |= {
            "MOUNTPOINTS": disk.mount, "MOUNTPOINT": disk.mount, "FSTYPE": disk.type, "UUID": uuid_of(disk, disks),
            "FSVER": _VERSIONS.get(disk.type, ""), "FSAVAIL": human(left * 1024),
            "FSUSE%": f"{disk.used * 100 // disk.size}%", "FSSIZE": human(disk.size * 1024),
            "FSUSED": human(disk.used * 1024), "PARTUUID": f"a1b2c3d4-{disks.index(disk) + 1:02}",
            "PKNAME": _whole(one.name),
        }  # fmt: skip
    return shown.get(name, "")


_VERSIONS = {"ext4": "1.0", "vfat": "FAT16", "xfs": ""}
_BLKID = {"output": "o:", "match-tag": "s:", "match-token": "t:", "label": "L:", "uuid": "U:", "probe": "p",
          "cache-file": "c:", "list-one": "l", "info": "i"}  # fmt: skip


@command("blkid", folder="/usr/sbin")
def blkid(call: Call) -> int:
    """Show what is on block devices."""
    found = options(call, "c:dghikln:o:ps:t:u:vw:DH:L:O:S:U:V", _BLKID, status=4)
    disks = call.shell.machine.persona.hardware.disks
    shown = [disk for disk in disks if not found.operands or disk.device in found.operands[:64]]
    if "U" in found or "L" in found:
        shown = [disk for disk in disks if uuid_of(disk, disks) == found.last("U")]
        for disk in shown:
            call.print(disk.device)
        return 0 if shown else 2
    for disk in shown:
        tags = {"UUID": uuid_of(disk, disks), "BLOCK_SIZE": "4096", "TYPE": disk.type,
                "PARTUUID": f"a1b2c3d4-{disks.index(disk) + 1:02}"}  # fmt: skip
        asked = found.values.get("s", list(tags))
        chosen = {name: value for name, value in tags.items() if name in asked}
        if found.last("o") == "value":
            call.print("\n".join(chosen.values()))
        elif found.last("o") == "export":
            call.print("\n".join((f"DEVNAME={disk.device}", *(f"{name}={value}" for name, value in chosen.items()))))
        elif chosen:
            call.print(f"{disk.device}: " + " ".join(f'{name}="{value}"' for name, value in chosen.items()))
    return 0 if shown else 2


_FDISK_HELLO = """
Welcome to fdisk (util-linux 2.38.1).
Changes will remain in memory only, until you decide to write them.
Be careful before using the write command.
"""


@command("fdisk", folder="/usr/sbin")
def fdisk(call: Call) -> Effects:
    """Show the disks (-l), or refuse what is none."""
    found = options(call, "b:Bc::C:hH:lLno:S:t:u::wW:xsV", {"list": "l", "help": "h", "version": "V", "output": "o:"})
    devices = {f"/dev/{_whole(disk.device)}" for disk in call.shell.machine.persona.hardware.disks}
    if "l" not in found and len(found.operands) != 1:
        raise tried(call, "bad usage")
    if "l" not in found:
        call.print(_FDISK_HELLO)
    status = 0
    for path in found.operands[:32]:
        yield from turn()
        if path not in devices:
            status = call.fail(f"cannot open {path}: No such file or directory")
    if "l" in found and not status:
        status = _partitions(call)
    return status


def _partitions(call: Call) -> int:
    """Show the disks as `fdisk -l` does, for root."""
    disks = call.shell.machine.persona.hardware.disks
    device = f"/dev/{_whole(disks[0].device)}"
    if call.shell.identity.uid != 0:
        return call.fail(f"cannot open {device}: Permission denied")
    whole = sum(disk.size for disk in disks) * 1024 + _TABLE_BYTES
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
