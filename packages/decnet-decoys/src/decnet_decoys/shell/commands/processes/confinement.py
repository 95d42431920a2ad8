# SPDX-License-Identifier: MIT
"""Programs that run others in a root, namespaces, a lock or a typescript of their own, and small ones beside them."""

from decnet_decoys.shell.call import Call, shell_quoted
from decnet_decoys.shell.commands.options import UsageError, options, tried
from decnet_decoys.shell.commands.processes.ps_columns import rows
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command


@command("chroot", folder="/usr/sbin", families=("debian",))
def chroot(call: Call) -> Effects:
    """Run a program in another root: one that has the programs is played as this machine."""
    found = options(
        call, "", {"userspec": "userspec:", "groups": "groups:", "skip-chdir": "s"}, status=125, permute=False
    )
    if not found.operands:
        raise tried(call, "missing operand", 125)
    folder, *words = found.operands
    quoted = shell_quoted(folder[:4096])
    try:
        call.shell.files.enter(folder, call.shell.access)
    except FileSystemError as error:
        return call.fail(f"cannot change root directory to {quoted}: {error}", 125)
    if call.shell.identity.uid != 0:
        return call.fail(f"cannot change root directory to {quoted}: Operation not permitted", 125)
    program = words[0] if words else "/bin/bash"
    inside = program if program.startswith("/") else f"/bin/{program}"
    if not call.shell.files.exists(f"{folder}/{inside}", call.shell.access):
        return call.fail(f"failed to run command \u2018{program}\u2019: No such file or directory", 127)
    with call.shell.forked():
        return (yield from started(call, words or ["/bin/bash", "-i"]))


_ARCHITECTURES = ("linux32", "linux64", "i386", "x86_64")


@command(*_ARCHITECTURES, families=("debian",))
def setarch(call: Call) -> Effects:
    """Run a program, or a shell, as on another processor, which nothing here shows."""
    words = [arg for arg in call.args if not arg.startswith("-")][:1]
    return (yield from started(call, call.args[call.args.index(words[0]) :] if words else ["/bin/sh"]))


_OF_UNSHARE = {
    "mount": "m?", "uts": "u?", "ipc": "i?", "net": "n?", "pid": "p?", "user": "U?", "cgroup": "C?", "fork": "f",
    "map-root-user": "r", "mount-proc": "P?", "kill-child": "K?", "map-user": "M:", "map-group": "G:", "root": "R:",
    "wd": "w:", "setuid": "S:", "setgid": "g:", "propagation": "x:", "help": "h", "version": "V",
}  # fmt: skip


@command("unshare", families=("debian",))
def unshare(call: Call) -> Effects:
    """Run a program in namespaces of its own, which look like those of the machine."""
    found = options(call, "muinpUCfrcTR:w:S:G:hV", _OF_UNSHARE, permute=False)
    call.args = found.operands
    words = found.operands or [call.shell.variables.get("SHELL", "/bin/bash")]
    if call.shell.identity.uid != 0 and not found.any("Ur"):
        return call.fail("unshare failed: Operation not permitted")
    with call.shell.forked():
        return (yield from started(call, words))


@command("nsenter", families=("debian",))
def nsenter(call: Call) -> Effects:
    """Run a program in the namespaces of another process, which are those of the machine."""
    found = options(call, "at:m::u::i::n::p::C::U::T::S:G:r::w::W:FZhV", _OF_NSENTER, permute=False)
    if "t" not in found and found.any("amuinpCUT"):
        return call.fail("neither filename nor target pid supplied for ns/cgroup")
    target = found.last("t")[:16]
    if call.shell.identity.uid != 0:
        return call.fail(f"cannot open /proc/{target}/ns/mnt: Permission denied")
    if "t" in found and not target.isdecimal():
        return call.fail(f"failed to parse pid: '{target}'")
    if "t" in found and not call.shell.files.exists(f"/proc/{target}"):
        return call.fail(f"cannot open /proc/{target}/ns/{'net' if 'n' in found else 'mnt'}: No such file or directory")
    call.args = found.operands
    with call.shell.forked():
        return (yield from started(call, found.operands or [call.shell.variables.get("SHELL", "/bin/bash")]))


_OF_NSENTER = {
    "all": "a", "target": "t:", "mount": "m?", "uts": "u?", "ipc": "i?", "net": "n?", "pid": "p?", "cgroup": "C?",
    "user": "U?", "time": "T?", "setuid": "S:", "setgid": "G:", "root": "r?", "wd": "w?", "no-fork": "F",
}  # fmt: skip
_SCRIPT = {"command": "c:", "quiet": "q", "append": "a", "return": "e", "flush": "f", "force": "F", "log-out": "O:"}


@command("script", families=("debian",))
def script(call: Call) -> Effects:
    """Run a command line, or a shell, in a terminal of its own, whose output is the typescript."""
    found = options(call, "c:qaefFI:O:B:T:m:t::E:o:hV", _SCRIPT)
    path = found.operands[0] if found.operands else found.last("O", "typescript")
    if "q" not in found:
        call.print(f"Script started, output log file is '{path[:4096]}'.")
    try:
        call.shell.files.write(path, b"", call.shell.access)
    except FileSystemError as error:
        return call.fail(f"cannot open {path}: {error}")
    line = found.last("c")
    status = (yield from call.runner.execute(["sh", "-c", line], call.streams, program=True)) if line else 0
    if "q" not in found:
        call.print("Script done.")
    return status if "e" in found else 0


_FLOCK = {
    "shared": "s", "exclusive": "x", "unlock": "u", "nonblock": "n", "timeout": "w:", "wait": "w:", "command": "c:",
    "conflict-exit-code": "E:", "close": "o", "no-fork": "F", "verbose": "v",
}  # fmt: skip


@command("flock", families=("debian",))
def flock(call: Call) -> Effects:
    """Run a program while a lock is held, which nobody else holds."""
    found = options(call, "sexunw:oFE:c:hV", _FLOCK, permute=False, status=64)
    if not found.operands:
        raise tried(call, "not enough arguments", 64)
    path, *words = found.operands
    if path.isdecimal() and not words:
        return 0
    if not words and "c" not in found:
        raise UsageError(f"bad file descriptor: '{path[:256]}'", 64)
    if not call.shell.files.exists(path, call.shell.access):
        try:
            call.shell.files.write(path, b"", call.shell.access)
        except FileSystemError as error:
            return call.fail(f"cannot open lock file {path}: {error}", 66)
    if words[:1] in (["-c"], ["--command"]):
        words = ["sh", "-c", *words[1:2]]
    elif "c" in found:
        words = ["sh", "-c", found.last("c")]
    return (yield from started(call, words))


@command("hostid", families=("debian",))
def hostid(call: Call) -> int:
    """Show what gethostid(3) makes of the address of the host's name."""
    one, two, three, four = (int(part) & 255 for part in call.shell.machine.address.split(".")[:4])
    call.print(f"{two:02x}{one:02x}{four:02x}{three:02x}")
    return 0


@command("domainname", "nisdomainname", "ypdomainname", families=("debian",))
def domainname(call: Call) -> int:
    """Show the domain of NIS, which there is none of."""
    if call.name != "domainname":
        return call.fail("Local domain name not set")
    call.print("(none)")
    return 0


@command("runlevel", folder="/usr/sbin", families=("debian",))
def runlevel(call: Call) -> int:
    call.print("N 5")
    return 0


@command("renice", families=("debian",))
def renice(call: Call) -> int:
    """Set the priority of this shell, and tell of those that processes get."""
    words = [arg for arg in call.args if arg not in ("-n", "--priority", "-p", "--pid", "-g", "-u")]
    if len(words) < 2 or not words[0].lstrip("+-").isdecimal():
        raise tried(call, "not enough arguments" if len(words) < 2 else f"bad priority value: {words[0][:64]}")
    new = max(-20, min(19, int(words[0][:4])))
    running, status = {str(row.process.pid) for row in rows(call)}, 0
    for pid in words[1:64]:
        if pid not in running and pid != str(call.shell.pid) and "-u" not in call.args and "-g" not in call.args:
            status = call.fail(f"failed to get priority for {pid[:16]} (process ID): No such process")
            continue
        old = call.shell.niceness if pid == str(call.shell.pid) else 0
        if new < old and call.shell.identity.uid != 0:
            status = call.fail(f"failed to set priority for {pid[:16]} (process ID): Permission denied")
            continue
        if pid == str(call.shell.pid):
            call.shell.niceness = new
        call.print(f"{pid[:16]} (process ID) old priority {old}, new priority {new}")
    return status
