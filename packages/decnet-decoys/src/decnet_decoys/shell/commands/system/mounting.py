# SPDX-License-Identifier: MIT
"""What is mounted, and mounting: mount, umount, findmnt, mountpoint (mount(8), findmnt(8)).

What root mounts is shown as mounted from then on, to others too; the files below the place stay those that are there.
"""

import posixpath

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options, tried
from decnet_decoys.shell.commands.system.tables import Column, table
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.condition import MAX_MOUNTS, Mount
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

_HINT = "       dmesg(1) may have more information after failed mount system call."
_FAILED = 32
_MAX_POINT = 4096
_MAX_KEPT = 512
"""Characters of a device or mount point that are kept."""
_MOUNT = {
    "all": "a", "bind": "B", "rbind": "R", "move": "M", "types": "t:", "options": "o:", "read-only": "r",
    "rw": "w", "read-write": "w", "verbose": "v", "label": "L:", "uuid": "U:", "fake": "f", "fork": "F",
    "no-mtab": "n", "no-canonicalize": "c", "show-labels": "l", "source": "source:", "target": "target:",
    "make-private": "make", "make-rprivate": "make", "make-shared": "make", "make-rshared": "make",
    "make-slave": "make", "make-rslave": "make", "make-unbindable": "make", "help": "h", "version": "V",
}  # fmt: skip
_WITHOUT_DEVICE = frozenset(
    ("tmpfs", "proc", "sysfs", "devtmpfs", "devpts", "ramfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs",
     "bpf", "mqueue", "hugetlbfs", "overlay", "configfs", "pstore", "fusectl")
)  # fmt: skip


@command("mount")
def mount(call: Call) -> int:
    """Show what is mounted, or let root mount."""
    found = options(call, "aBRMt:o:rwvL:U:fFncslhVO:T:N:", _MOUNT)
    mounted = call.shell.machine.mounts()
    if "a" in found:
        return 0
    if not found.operands:
        kinds = found.last("t").split(",") if "t" in found else []
        for device, point, kind, how in mounted:
            if not kinds or kind in kinds:
                call.print(f"{device} on {point} type {kind} ({how})")
        return 0
    if len(found.operands) > 2:
        raise tried(call, "bad usage")
    return _mounting(call, found, mounted)


def _failure(point: str, why: str) -> UsageError:
    return UsageError(f"{point[:_MAX_POINT]}: {why}\n{_HINT}", _FAILED)


def _mounting(call: Call, found: Options, mounted: list[Mount]) -> int:
    words = [word for given in found.values.get("o", ()) for word in given.split(",")][:64]
    point = found.operands[-1]
    source = found.operands[0] if len(found.operands) > 1 else ""
    absolute = posixpath.normpath(posixpath.join(call.shell.cwd, point))
    known = next((one for one in mounted if one[1] == absolute), None)
    if "remount" in words or "make" in found:
        if call.shell.identity.uid != 0:
            raise _failure(point, "must be superuser to use mount.")
        if known is None:
            raise _failure(point, "mount point not mounted or bad option.")
        return 0
    if not source:
        if known is not None and known[0].startswith("/"):
            raise UsageError(f"{point}: {known[0]} already mounted on {point}.", _FAILED)
        raise UsageError(f"{point[:_MAX_POINT]}: can't find in /etc/fstab.")
    if not call.shell.files.exists(point, call.shell.access):
        raise _failure(point, "mount point does not exist.")
    if call.shell.identity.uid != 0:
        raise _failure(point, "must be superuser to use mount.")
    device, kind, why = _what(call, found, words, source)
    if why:
        raise _failure(point, why)
    _keep(call, found, words, (device, absolute, kind, source))
    return 0


def _keep(call: Call, found: Options, words: list[str], mount: tuple[str, str, str, str]) -> None:
    """Keep a mount: device, mount point, type, and what was named as its source."""
    device, absolute, kind, source = mount
    own = call.shell.machine.condition.mounts
    if len(own) < MAX_MOUNTS:
        how = ",".join(("ro" if "r" in found or "ro" in words else "rw", *_shown(words), "relatime"))
        own.append((device[:_MAX_KEPT], absolute[:_MAX_KEPT], kind[:32], how[:256]))
        if _binds(found, words):
            files, access = call.shell.files, call.shell.access
            call.shell.machine.condition.binds[absolute[:_MAX_KEPT]] = files.locate(source, access)


def _binds(found: Options, words: list[str]) -> bool:
    return found.any("BRM") or bool({"bind", "rbind"} & set(words))


def _shown(words: list[str]) -> list[str]:
    """Return the options that the kernel shows in its own order: flags, then those of the file system."""
    flags = [one for one in ("nosuid", "nodev", "noexec") if one in words]
    return flags + [one for one in words if "=" in one]


def _what(call: Call, found: Options, words: list[str], source: str) -> tuple[str, str, str]:
    """Return device and type of what is to be mounted, or why it cannot be."""
    files, kind = call.shell.files, found.last("t")
    missing = f"special device {source[:_MAX_POINT]} does not exist."
    disks = {disk.device: disk.type for disk in call.shell.machine.persona.hardware.disks}
    if _binds(found, words):
        if not files.exists(source, call.shell.access):
            return "", "", missing
        first = call.shell.machine.persona.hardware.disks[0]
        return first.device, first.type, ""
    if kind in _WITHOUT_DEVICE:
        return source, kind, ""
    if source in disks:
        return source, disks[source], ""
    try:
        entry = files.stat(source, call.shell.access)
    except FileSystemError:
        return "", "", missing
    loop = '; try "-o loop"' if entry.kind == "file" and "loop" not in words else ""
    return "", "", f"{source[:_MAX_POINT]} is not a block device{loop}."


_UMOUNT = {
    "all": "a", "all-targets": "A", "detach-loop": "d", "fake": "", "force": "f", "lazy": "l", "recursive": "R",
    "types": "t:", "verbose": "v", "quiet": "q", "read-only": "r", "no-mtab": "n", "test-opts": "O:",
    "internal-only": "i", "no-canonicalize": "c", "namespace": "N:", "help": "h", "version": "V",
}  # fmt: skip


@command("umount")
def umount(call: Call) -> Effects:
    """Unmount what root has mounted before, or lazily anything else; what the machine came with is in use."""
    found = options(call, "aAdflRt:vqrnO:icN:hV", _UMOUNT)
    if not found.operands:
        if "a" in found:
            return 0
        raise UsageError("bad usage\nTry 'umount --help' for more information.")
    own, status = call.shell.machine.condition.mounts, 0
    for path in found.operands[:50]:
        yield from turn()
        absolute = posixpath.normpath(posixpath.join(call.shell.cwd, path))
        mine = [one for one in own if absolute in (one[1], one[0])]
        there = any(absolute in (one[1], one[0]) for one in call.shell.machine.mounts())
        if call.shell.identity.uid != 0 and there:
            status = call.fail(f"{path}: must be superuser to unmount.", _FAILED)
        elif mine:
            own.remove(mine[-1])
            if not any(one[1] == mine[-1][1] for one in own):
                call.shell.machine.condition.binds.pop(mine[-1][1], None)
        elif there:
            status = 0 if "l" in found else call.fail(f"{path}: target is busy.", _FAILED)
        elif call.shell.files.exists(path, call.shell.access):
            status = call.fail(f"{path}: not mounted.", _FAILED)
        else:
            status = call.fail(f"{path}: no mount point specified.", _FAILED)
    return status


_FINDMNT = {
    "all": "A", "ascii": "a", "noheadings": "n", "output": "o:", "types": "t:", "list": "l", "raw": "r", "df": "D",
    "target": "T:", "mountpoint": "M:", "source": "S:", "first-only": "f", "notruncate": "u", "pairs": "P",
    "fstab": "s", "mtab": "m", "kernel": "k", "real": "real", "bytes": "b", "evaluate": "e", "options": "O:",
    "submounts": "R", "help": "h", "version": "V",
}  # fmt: skip
_FIELDS = {"SOURCE": 0, "TARGET": 1, "FSTYPE": 2, "OPTIONS": 3, "VFS-OPTIONS": 3}


@command("findmnt", families=("debian",))
def findmnt(call: Call) -> int:
    """Show what is mounted as a tree, or what is mounted at a place, of a type, or around a file."""
    found = options(call, "Aano:t:lrDT:M:S:fuPsmkbeO:RhVivyxcd:F:p::N:w:C", _FINDMNT)
    if "s" in found:
        return 1
    names = [name.upper() for name in (found.last("o") or "TARGET,SOURCE,FSTYPE,OPTIONS").split(",")][:16]
    unknown = next((name for name in names if name not in _FIELDS), None)
    if unknown is not None:
        return call.fail(f"unknown column: {unknown.lower()[:64] if unknown else ''}")
    mounted = call.shell.machine.mounts()
    chosen = _chosen(call, found, mounted)
    flat = found.any("lrtTMS") or bool(found.operands)
    rows = []
    for one, lead in _tree(mounted) if not flat else [(one, "") for one in chosen]:
        row = [(lead if name == "TARGET" else "") + one[_FIELDS[name]] for name in names]
        rows.append(row)
    if "r" in found:
        for row in rows if "n" in found else [names, *rows]:
            call.print(" ".join(row))
    else:
        for line in table([Column(name) for name in names], rows, head="n" not in found) if rows else ():
            call.print(line)
    return int(not rows)


def _chosen(call: Call, found: Options, mounted: list[Mount]) -> list[Mount]:
    if "T" in found:
        return around(call, found.last("T"), mounted)
    places = [*found.operands, *found.values.get("M", ()), *found.values.get("S", ())]
    kinds = found.last("t").split(",") if "t" in found else []
    absolute = [posixpath.normpath(posixpath.join(call.shell.cwd, place)) for place in places[:16]]
    return [
        one
        for one in mounted
        if (not places or {one[0], one[1]} & {*places[:16], *absolute}) and (not kinds or one[2] in kinds)
    ]


def around(call: Call, path: str, mounted: list[Mount]) -> list[Mount]:
    """Return the mount, in a list, that a file is on; an empty list if there is no such file."""
    if not call.shell.files.exists(path, call.shell.access):
        return []
    where = call.shell.files.locate(path, call.shell.access).rstrip("/") + "/"
    fits = [one for one in mounted if where.startswith(one[1].rstrip("/") + "/")]
    return [max(fits, key=lambda one: len(one[1]))] if fits else []


def _tree(mounted: list[Mount]) -> list[tuple[Mount, str]]:
    """Return the mounts with what leads to each in a tree: `/` first, below it the others."""
    points = {one[1] for one in mounted}
    below: dict[str, list[Mount]] = {}
    for one in mounted:
        parent = posixpath.dirname(one[1])
        while parent != "/" and parent not in points:
            parent = posixpath.dirname(parent)
        if one[1] != "/":
            below.setdefault(parent, []).append(one)
    found: list[tuple[Mount, str]] = [(one, "") for one in mounted if one[1] == "/"]
    open_branches = [(below.get("/", []), 0, "")]
    while open_branches:
        branch, index, lead = open_branches.pop()
        if index >= len(branch):
            continue
        last = index + 1 == len(branch)
        found.append((branch[index], lead + ("\u2514\u2500" if last else "\u251c\u2500")))
        open_branches.append((branch, index + 1, lead))
        open_branches.append((below.pop(branch[index][1], []), 0, lead + ("  " if last else "\u2502 ")))
    return found


@command("mountpoint", families=("debian",))
def mountpoint(call: Call) -> int:
    """Say whether something is mounted at a directory."""
    found = options(call, "qdxhV", {"quiet": "q", "fs-devno": "d", "devno": "x", "nofollow": "nofollow"})
    if len(found.operands) != 1:
        raise tried(call, "bad usage")
    path, quiet = found.operands[0], "q" in found
    try:
        where = call.shell.files.locate(path, call.shell.access)
        call.shell.files.stat(where)
    except FileSystemError as error:
        return 1 if quiet else call.fail(f"{path}: {error}")
    points = [one[1] for one in call.shell.machine.mounts()]
    if where not in points:
        call.print("" if quiet else f"{path} is not a mountpoint", end="" if quiet else "\n")
        return _FAILED
    if "d" in found:
        call.print(f"0:{21 + points.index(where)}")
    elif not quiet:
        call.print(f"{path} is a mountpoint")
    return 0
