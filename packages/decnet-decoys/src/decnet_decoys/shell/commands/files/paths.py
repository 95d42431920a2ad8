# SPDX-License-Identifier: MIT
"""Commands that make directories and files: mkdir, touch."""

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.dates import moment_of, stamp_of
from decnet_decoys.shell.commands.files.permissions import MAX_MODE, MODE, mode_after
from decnet_decoys.shell.commands.options import Options, tried
from decnet_decoys.shell.commands.options import options as parsed_options
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command


@command("mkdir")
def mkdir(call: Call) -> Effects | int:
    """Make directories; -p makes those above too, -m is the mode of the last."""
    found = parsed_options(call, "m:pvZ", {"mode": "m:", "parents": "p", "verbose": "v"})
    if not found.operands:
        raise tried(call, "missing operand")
    files, access = call.shell.files, call.shell.access
    mode = found.last("m")[:MAX_MODE]
    if mode and not MODE.fullmatch(mode):
        return call.fail(f"invalid mode {quoted(mode)}")

    def make(path: str) -> None:
        for directory in _parents(path) if "p" in found else [path]:
            if "p" not in found or not files.exists(directory, access):
                files.mkdir(directory, access)
                if mode and directory.rstrip("/") == path.rstrip("/"):
                    files.change(directory, access, mode=mode_after(mode, 0o777))
                if "v" in found:
                    call.print(f"{call.name}: created directory {shell_quoted(directory)}")

    return call.for_each(found.operands, make, f"cannot create directory {quoted('%s')}")


def _parents(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")[:200]
    return ["/".join(parts[: count + 1]) for count in range(len(parts)) if "/".join(parts[: count + 1])]


@command("touch")
def touch(call: Call) -> Effects:
    """Create files or renew their time: now, -d DATE, -t STAMP, or that of -r FILE."""
    files, access = call.shell.files, call.shell.access
    found = parsed_options(call, "acd:fhmr:t:", {"date": "d:", "no-create": "c", "reference": "r:", "time": "time:"})
    if not found.operands:
        raise tried(call, "missing file operand")
    asked = found.last("d") or found.last("t")
    try:
        when = _asked_time(call, found)
    except FileSystemError as error:
        return call.fail(f"failed to get attributes of {shell_quoted(found.last('r'))}: {error}")
    if when is None:
        return call.fail(f"invalid date format {quoted(asked)}")

    def renew(path: str) -> None:
        if not files.exists(path, access):
            if "c" in found:
                return
            files.write(path, b"", access)
        files.change(path, access, mtime=when)

    return (yield from call.for_each(found.operands, renew, "cannot touch '%s'"))


def _asked_time(call: Call, found: Options) -> int | None:
    """Return which time is wanted, None for one that is none."""
    shell = call.shell
    if "d" in found:
        return moment_of(found.last("d"), shell.now)
    if "t" in found:
        return stamp_of(found.last("t"), shell.now)
    return shell.files.stat(found.last("r"), shell.access).mtime if "r" in found else shell.now
