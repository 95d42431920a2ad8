# SPDX-License-Identifier: MIT
"""prlimit and lsns: limits and namespaces of processes; mkswap and the like, which find no device (prlimit(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.commands.processes.ps_columns import rows
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.commands.system.tables import Column, table
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.programs import command

_LIMITS = (
    ("AS", "address space limit", "unlimited", "unlimited", "bytes", "v"),
    ("CORE", "max core file size", "0", "unlimited", "bytes", "c"),
    ("CPU", "CPU time", "unlimited", "unlimited", "seconds", "t"),
    ("DATA", "max data size", "unlimited", "unlimited", "bytes", "d"),
    ("FSIZE", "max file size", "unlimited", "unlimited", "bytes", "f"),
    ("LOCKS", "max number of file locks held", "unlimited", "unlimited", "locks", "x"),
    ("MEMLOCK", "max locked-in-memory address space", "514322432", "514322432", "bytes", "l"),
    ("MSGQUEUE", "max bytes in POSIX mqueues", "819200", "819200", "bytes", "q"),
    ("NICE", "max nice prio allowed to raise", "0", "0", "", "e"),
    ("NOFILE", "max number of open files", "1024", "1048576", "files", "n"),
    ("NPROC", "max number of processes", "15689", "15689", "processes", "u"),
    ("RSS", "max resident set size", "unlimited", "unlimited", "bytes", "m"),
    ("RTPRIO", "max real-time priority", "0", "0", "", "r"),
    ("RTTIME", "timeout for real-time tasks", "unlimited", "unlimited", "microsecs", "y"),
    ("SIGPENDING", "max number of pending signals", "15689", "15689", "signals", "i"),
    ("STACK", "max stack size", "8388608", "unlimited", "bytes", "s"),
)
_COLUMNS = {
    "RESOURCE": (0, False),
    "DESCRIPTION": (1, False),
    "SOFT": (2, True),
    "HARD": (3, True),
    "UNITS": (4, False),
}
_PRLIMIT = {"pid": "p:", "output": "o:", "noheadings": "H", "raw": "R", "verbose": "B"} | {
    row[0].lower(): f"{row[5]}?" for row in _LIMITS
}


@command("prlimit", families=("debian",))
def prlimit(call: Call) -> Effects:
    """Show limits, or run a program with others."""
    found = options(call, "p:o:c::d::e::f::i::l::m::n::q::r::s::t::u::v::x::y::hV", _PRLIMIT, permute=False)
    names = [name.upper() for name in (found.last("o") or "RESOURCE,DESCRIPTION,SOFT,HARD,UNITS").split(",")][:8]
    unknown = next((name for name in names if name not in _COLUMNS), None)
    if unknown is not None:
        return call.fail(f"unknown column: {unknown[:64]}")
    if found.operands:
        return (yield from started(call, found.operands))
    asked = [row for row in _LIMITS if row[5] in found]
    if any(value for row in asked for value in found.values[row[5]]):
        return 0
    shown = [[row[_COLUMNS[name][0]] for name in names] for row in asked or _LIMITS]
    for line in table([Column(name, right=_COLUMNS[name][1]) for name in names], shown, head="H" not in found):
        call.print(line)
    return 0


_KINDS = (("time", 4026531834), ("cgroup", 4026531835), ("pid", 4026531836), ("user", 4026531837),
          ("uts", 4026531838), ("ipc", 4026531839), ("net", 4026531840), ("mnt", 4026531841))  # fmt: skip
_LSNS = {"json": "J", "list": "l", "noheadings": "n", "output": "o:", "output-all": "A", "notruncate": "u",
         "persistent": "P", "task": "p:", "raw": "r", "type": "t:", "tree": "T?", "nowrap": "W"}  # fmt: skip
_NAMESPACE = {"NS": True, "TYPE": False, "NPROCS": True, "PID": True, "USER": False, "COMMAND": False, "PATH": False,
              "PPID": True, "UID": True, "NETNSID": True, "NSFS": False}  # fmt: skip


@command("lsns", families=("debian",))
def lsns(call: Call) -> int:
    """Show the namespaces, of which all processes share one of each kind."""
    found = options(call, "Jlno:AuPp:rt:WT::hV", _LSNS)
    usual = "NS,TYPE,NPROCS,PID,USER," + ("NETNSID,NSFS," if found.last("t") == "net" else "") + "COMMAND"
    names = [name.upper() for name in (found.last("o") or usual).split(",")][:12]
    unknown = next((name for name in names if name not in _NAMESPACE), None)
    if unknown is not None:
        return call.fail(f"unknown column: {found.last('o').split(',')[names.index(unknown)][:64]}")
    if "t" in found and found.last("t") not in dict(_KINDS):
        return call.fail(f"unknown namespace type: {found.last('t')[:64]}")
    running = rows(call)
    shown = []
    for kind, number in _KINDS:
        values = {"NS": str(number), "TYPE": kind, "NPROCS": str(len(running)), "PID": "1", "USER": "root",
                  "NETNSID": "unassigned", "NSFS": "",
                  "COMMAND": running[0].process.command, "PATH": f"/proc/1/ns/{kind}", "PPID": "0",
                  "UID": "0"}  # fmt: skip
        if "t" not in found or found.last("t") == kind:
            shown.append([values[name] for name in names])
    least = {"NS": 10, "TYPE": 0 if "t" in found else 6, "NPROCS": 6}
    columns = [Column(name, least.get(name, 0) if "r" not in found else 0, right=_NAMESPACE[name]) for name in names]
    if len(names) == 1:
        columns = [Column(names[0])]
    for line in table(columns, shown, head="n" not in found):
        call.print(line)
    return 0


_FORMAT = ("", "mke2fs 1.47.0 (5-Feb-2023)\nThe file {} does not exist and no size was specified.", 1)
_BLOCK = "Couldn't find valid filesystem superblock."
_OPENING = "No such file or directory while trying to open {}"
_E2FSPROGS = {
    "mkfs": _FORMAT, "mkfs.ext4": _FORMAT, "mke2fs": _FORMAT,
    "tune2fs": ("tune2fs 1.47.0 (5-Feb-2023)", f"tune2fs: {_OPENING}\n{_BLOCK}", 1),
    "dumpe2fs": (_BLOCK, f"dumpe2fs 1.47.0 (5-Feb-2023)\ndumpe2fs: {_OPENING}", 2),
}  # fmt: skip
"""What they write to standard output and error of a file that there is not, and the exit status."""


@command("mkswap", "losetup", "mkfs", "mkfs.ext4", "mke2fs", "fsck", "tune2fs", "dumpe2fs", folder="/usr/sbin",
         families=("debian",))  # fmt: skip
def of_device(call: Call) -> int:
    """Refuse a device or file that there is not; change none."""
    if call.name == "losetup" and not call.words:
        return 0
    if not call.words:
        if call.name == "mkswap":
            raise tried(call, "error: Nowhere to set up swap on?")
        call.print_error(f"Usage: {call.name} [options] device")
        return 1
    path = call.words[0]
    if not call.shell.files.exists(path, call.shell.access) and call.name in _E2FSPROGS:
        shown, errors, status = _E2FSPROGS[call.name]
        call.print(shown, end="\n" if shown else "")
        call.print_error(errors.format(path[:4096]))
        return status
    if not call.shell.files.exists(path, call.shell.access):
        return call.fail(f"cannot open {path[:4096]}: No such file or directory")
    return call.fail(f"cannot open {path[:4096]}: Permission denied") if call.shell.identity.uid else 0
