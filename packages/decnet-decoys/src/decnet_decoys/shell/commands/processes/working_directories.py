# SPDX-License-Identifier: MIT
"""Where processes work and what they may: pwdx, setpriv, choom, ischroot (pwdx(1), setpriv(1), choom(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import UsageError, options, tried
from decnet_decoys.shell.commands.processes.capabilities import CAPABILITIES
from decnet_decoys.shell.commands.processes.ps_columns import rows
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

MAX_PROCESSES = 100
_USAGE = """
Usage:
 pwdx [options] pid...

Options:
 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see pwdx(1)."""


@command("pwdx", families=("debian",))
def pwdx(call: Call) -> Effects:
    """Print the working directory of each process."""
    found = options(call, "hV", {"help": "h", "version": "V"})
    if found.any("hV"):
        call.print(_USAGE if "h" in found else "pwdx from procps-ng 4.0.2")
        return 0
    if not found.operands:
        call.print_error(_USAGE)
        return 1
    known = {row.process.pid: row.process.user for row in rows(call)}
    status = 0
    for text in found.operands[:MAX_PROCESSES]:
        yield from turn()
        number = text.removeprefix("/proc/")
        if not (number.isascii() and number.isdecimal()) or len(number) > 10:
            return call.fail(f"invalid process id: {text[:4096]}")
        if int(number) not in known:
            call.print_error(f"{text}: No such process")
            status = 1
        elif call.shell.identity.uid and known[int(number)] != call.shell.user.name:
            call.print_error(f"{text}: Permission denied")
            status = 1
        else:
            call.print(f"{text}: {_directory(call, number)}")
    return status


def _directory(call: Call, number: str) -> str:
    files = call.shell.files
    try:
        return files.target(files.locate(f"/proc/{number}/cwd", call.shell.access, follow=False))
    except FileSystemError:
        return "/"


_SETPRIV = {
    "dump": "d", "nnp": "nnp", "no-new-privs": "nnp", "ambient-caps": "caps:", "inh-caps": "caps:",
    "bounding-set": "caps:", "ruid": "uid:", "euid": "uid:", "rgid": "gid:", "egid": "gid:", "reuid": "uid:",
    "regid": "gid:", "clear-groups": "groups", "keep-groups": "groups", "init-groups": "groups", "groups": "groups:",
    "securebits": "bits:", "pdeathsig": "signal:", "selinux-label": "label:", "apparmor-profile": "label:",
    "reset-env": "env", "list-caps": "list",
}  # fmt: skip


@command("setpriv", families=("debian",))
def setpriv(call: Call) -> Effects:
    """Show what a process may do, or run a program as somebody else; only root may change who it is."""
    found = options(call, "d", _SETPRIV, permute=False)
    if "list" in found:
        call.print("\n".join(CAPABILITIES).replace("cap_", ""))
        return 0
    if "d" in found:
        _dump(call)
        return 0
    if not found.operands:
        raise UsageError("No program specified")
    return (yield from _as_user(call, found.last("uid"), found.operands))


def _as_user(call: Call, asked: str, argv: list[str]) -> Effects:
    """Run a program as the user of a name or number, or as the same one if none is asked for."""
    shell = call.shell
    user = shell.account(asked) or next((one for one in shell.users if str(one.uid) == asked), None)
    if asked and user is None:
        return call.fail(f"failed to parse reuid: '{asked[:64]}'")
    if user is None or user.uid == shell.identity.uid:
        return (yield from started(call, argv))
    if shell.identity.uid:
        return call.fail("setresuid failed: Operation not permitted")
    return (yield from started(call, ["runuser", "-u", user.name, "--", *argv]))


def _dump(call: Call) -> None:
    shell = call.shell
    uid, gid = shell.identity.uid, shell.user.gid
    held = ",".join(one.removeprefix("cap_") for one in CAPABILITIES)
    call.print(f"uid: {uid}\neuid: {uid}\ngid: {gid}\negid: {gid}")
    others = ",".join(str(one) for one in shell.own_groups.values() if one != gid) or "[none]"
    call.print(f"Supplementary groups: {others}\nno_new_privs: 0\nInheritable capabilities: [none]")
    call.print(f"Ambient capabilities: [none]\nCapability bounding set: {held}\nSecurebits: [none]")
    call.print("Parent death signal: [none]")


@command("choom", families=("debian",))
def choom(call: Call) -> Effects:
    """Show how readily the kernel ends a process when it has no memory left."""
    found = options(call, "n:p:", {"adjust": "n:", "pid": "p:"}, permute=False)
    if "p" not in found:
        if not found.operands:
            raise tried(call, "no PID or COMMAND specified")
        return (yield from started(call, found.operands))
    pid = found.last("p")
    if pid not in {str(row.process.pid) for row in rows(call)}:
        return call.fail("failed to read OOM score value: No such file or directory")
    if "n" in found:
        call.print(f"pid {pid}'s OOM score adjust value changed from 0 to {found.last('n')[:8]}")
        return 0
    call.print(f"pid {pid}'s current OOM score: 666\npid {pid}'s current OOM score adjust value: 0")
    return 0


@command("ischroot", families=("debian",))
def ischroot(call: Call) -> int:
    """Tell by the status that this is no chroot."""
    options(call, "ft", {"default-false": "f", "default-true": "t"})
    return 1
