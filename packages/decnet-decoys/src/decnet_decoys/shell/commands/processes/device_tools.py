# SPDX-License-Identifier: MIT
"""Programs for disks and clocks that are called without a device, or with one that is not there; none changes any."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.machine.fs_errors import DENIED, NOT_FOUND
from decnet_decoys.shell.programs import command

_WITHOUT_DEVICE = {
    "wipefs": "no device specified",
    "partx": "bad usage",
    "addpart": "not enough arguments",
    "delpart": "not enough arguments",
    "resizepart": "not enough arguments",
    "blockdev": "not enough arguments",
    "findfs": "bad usage",
    "swaplabel": "no device specified",
    "isosize": "no device specified",
    "blkdiscard": "no device specified",
    "blkzone": "no command specified",
}
_OPENING = {
    "wipefs": "error: {}: probing initialization failed: {}",
    "partx": "stat of {} failed: {}",
    "blockdev": "cannot open {}: {}",
    "findfs": "unable to resolve '{}'",
    "swaplabel": "{}: probe failed: {}",
}


@command("wipefs", "partx", "addpart", "delpart", "resizepart", "blockdev", "findfs", "swaplabel", "isosize",
         "blkdiscard", "blkzone", folder="/usr/sbin", families=("debian",))  # fmt: skip
def of_util_linux(call: Call) -> int:
    """Refuse a device that is not there or that may not be read."""
    letters, long = _OPTIONS.get(call.name, ("qvf", {}))
    found = options(call, letters, long)
    if not found.operands:
        raise tried(call, "no device specified" if found.values else _WITHOUT_DEVICE[call.name])
    path = found.operands[0][:4096]
    is_there = call.shell.files.exists(path, call.shell.access)
    if is_there and not call.shell.identity.uid:
        return 0
    form = _OPENING.get(call.name, "cannot open {}: {}")
    return call.fail(form.format(path, DENIED if is_there else NOT_FOUND), 2 if call.name == "findfs" else 1)


_OPTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "wipefs": ("abfhiJnO:o:pqt:V", {"all": "a", "force": "f", "no-act": "n", "offset": "o:", "types": "t:"}),
    "partx": ("adlsubgn:o:PrS:t:v", {"add": "a", "delete": "d", "list": "l", "show": "s", "update": "u", "nr": "n:"}),
    "blockdev": ("qv", dict.fromkeys(("getsize64", "getsz", "getro", "getbsz", "getss", "setro", "setrw", "flushbufs",
                                      "rereadpt", "getra", "report"), "get")),
}  # fmt: skip

_RESIZE = """\
resize2fs 1.47.0 (5-Feb-2023)
Usage: resize2fs [-d debug_flags] [-f] [-F] [-M] [-P] [-p] device [-b|-s|new_size] [-S RAID-stride] [-z undo_file]
"""
_CHECK = """\
Usage: e2fsck [-panyrcdfktvDFV] [-b superblock] [-B blocksize]
\t\t[-l|-L bad_blocks_file] [-C fd] [-j external_journal]
\t\t[-E extended-options] [-z undo_file] device

Emergency help:
 -p                   Automatic repair (no questions)
 -n                   Make no changes to the filesystem
 -y                   Assume "yes" to all questions
 -c                   Check for bad blocks and add them to the badblock list
 -f                   Force checking even if filesystem is marked clean
 -v                   Be verbose
 -b superblock        Use alternative superblock
 -B blocksize         Force blocksize when looking for superblock
 -j external_journal  Set location of the external journal
 -l bad_blocks_file   Add to badblocks list
 -L bad_blocks_file   Set badblocks list
 -z undo_file         Create an undo file"""
_USAGES = {"resize2fs": (_RESIZE, 1), "e2label": ("Usage: e2label device [newlabel]", 1)}
_E2FSCK = ("e2fsck", "fsck.ext2", "fsck.ext3", "fsck.ext4")


@command("resize2fs", "e2label", *_E2FSCK, folder="/usr/sbin", families=("debian",))
def of_e2fsprogs(call: Call) -> int:
    """Tell how it is used, or refuse what has no file system."""
    usage, status = _USAGES.get(call.name, (_CHECK, 16))
    if not call.words:
        call.print_error(usage.replace("Usage: e2fsck", f"Usage: {call.name}"))
        return status
    path = call.words[0][:4096]
    why = DENIED if call.shell.files.exists(path, call.shell.access) else NOT_FOUND
    if call.name == "e2label":
        return call.fail(f"{why} while trying to open {path}\nCouldn't find valid filesystem superblock.")
    call.print_error(f"{'resize2fs' if call.name == 'resize2fs' else 'e2fsck'} 1.47.0 (5-Feb-2023)")
    if call.name == "resize2fs":
        call.print_error(f"open: {why} while opening {path}")
        return 1
    call.print_error(f"{call.name}: {why} while trying to open {path}\nPossibly non-existent device?")
    return 8


@command("hwclock", folder="/usr/sbin", families=("debian",))
def hwclock(call: Call) -> int:
    """Find no clock of the hardware, as in a virtual machine without one."""
    options(call, "rswalvuD", {"show": "r", "systohc": "w", "hctosys": "s", "utc": "u", "localtime": "l",
                               "verbose": "v", "get": "r"})  # fmt: skip
    call.print_error(
        "hwclock: Cannot access the Hardware Clock via any known method.\n"
        "hwclock: Use the --verbose option to see the details of our search for an access method."
    )
    return 1
