# SPDX-License-Identifier: MIT
"""Commands about processes: ps, top, pgrep, kill, lsof."""

from typing import NamedTuple

from decnet_decoys.personas.schema import Process
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.system.hardware import uptime_line
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.state import ShellState

MAX_COMMAND_LINE = 4096
"""Characters of a command line as ps shows it."""


class Row(NamedTuple):
    """A process and what it runs."""

    process: Process
    started: str


def rows(call: Call) -> list[Row]:
    """Return the persona's processes and the attacker's own."""
    shell = call.shell
    booted = shell.date("%b%d", shell.machine.booted)
    now = shell.date("%H:%M")
    user, pid, tty = shell.user.name, shell.pid, "pts/0" if shell.terminal else "?"
    line, stat = " ".join([call.name, *call.args])[:MAX_COMMAND_LINE], "R+" if shell.terminal else "R"
    own = (
        Process(pid=pid - 12, command=shell.origin.daemon_title, vsz=17804, rss=10860, stat="Ss"),
        Process(pid=pid, user=user, command=_title(shell), vsz=8932, rss=5540, stat="Ss", tty=tty),
        Process(pid=pid + 3, user=user, command=line, vsz=11084, rss=4420, stat=stat, tty=tty),
    )
    return [*(Row(process, booted) for process in shell.machine.persona.processes), *(Row(one, now) for one in own)]


def _title(shell: ShellState) -> str:
    return shell.name if shell.command is None else f"{shell.name} -c {shell.command[:2048]}"


@command("ps")
def ps(call: Call) -> int:
    """List processes: aux, -ef, or one's own."""
    words = "".join(call.args)
    if call.shell.machine.persona.family == "busybox":
        call.print("  PID USER       VSZ STAT COMMAND")
        for process, _ in rows(call):
            call.print(f"{process.pid:5} {process.user:<8} {process.vsz:>5} {process.stat:<4} {process.command}")
    elif "f" in words and "u" not in words:
        call.print("UID          PID    PPID  C STIME TTY          TIME CMD")
        for process, started in rows(call):
            parent = 0 if process.pid < 3 else 1
            call.print(
                f"{process.user:<8} {process.pid:>7} {parent:>7}  0 {started:<5} {process.tty:<8} "
                f"{_hms(process.time)} {process.command}"
            )
    elif "a" in words or "u" in words or "e" in words or "A" in words:
        _aux(call)
    else:
        call.print("    PID TTY          TIME CMD")
        for process, _ in rows(call)[-2:]:
            call.print(f"{process.pid:>7} {process.tty:<8} 00:00:00 {process.command.split()[0].lstrip('-')}")
    return 0


def _aux(call: Call) -> None:
    memory = call.shell.machine.persona.hardware.memory_kib
    call.print("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND")
    for process, started in rows(call):
        call.print(
            f"{process.user:<8} {process.pid:>7} {process.cpu:>4.1f} {process.rss * 100 / memory:>4.1f} "
            f"{process.vsz:>6} {process.rss:>5} {process.tty:<8} "
            f"{process.stat:<4} {started:<7} {process.time:>4} {process.command}"
        )


def _hms(text: str) -> str:
    minutes, _, seconds = text.partition(":")
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds}"


@command("top", "htop")
def top(call: Call) -> int:
    """Show one screen of processes."""
    hardware = call.shell.machine.persona.hardware
    found = rows(call)
    call.print("top -" + uptime_line(call, users=1))
    call.print(f"Tasks: {len(found)} total,   1 running, {len(found) - 1} sleeping,   0 stopped,   0 zombie")
    call.print("%Cpu(s):  0.7 us,  0.3 sy,  0.0 ni, 98.8 id,  0.1 wa,  0.0 hi,  0.1 si,  0.0 st")
    left = hardware.memory_kib - hardware.used_kib
    call.print(f"MiB Mem : {hardware.memory_kib / 1024:8.1f} total, {left / 1024:8.1f} free\n")
    call.print("    PID USER      PR  NI    VIRT    RES  S  %CPU  %MEM     TIME+ COMMAND")
    for process, _ in sorted(found, key=lambda row: -row.process.cpu)[:20]:
        share = process.rss * 100 / hardware.memory_kib
        call.print(
            f"{process.pid:>7} {process.user:<9} 20   0 {process.vsz:>7} {process.rss:>6}  {process.stat[0]} "
            f"{process.cpu:>5.1f} {share:>5.1f} {process.time:>9} {process.command.split()[0]}"
        )
    return 0


@command("pgrep", "pidof")
def pgrep(call: Call) -> int:
    _, operands = call.flags("u")
    wanted = operands[0] if operands else ""
    found = [process.pid for process, _ in rows(call)[:-1] if wanted and wanted in process.command]
    if found:
        call.print(" ".join(map(str, found)) if call.name == "pidof" else "\n".join(map(str, found)))
    return int(not found)


@command("kill", "pkill", "killall", "skill")
def kill(call: Call) -> Effects:
    targets = call.words
    found = rows(call)
    status = 0
    for target in targets:
        yield from turn()
        fits = [
            row
            for row in found
            if target == str(row.process.pid) or (call.name != "kill" and target in row.process.command)
        ]
        if not fits:
            status = 1
            if call.name == "kill":
                call.shell_error(f"kill: ({target[:20]}) - No such process")
            elif call.name == "killall":
                call.fail(f"{target}: no process found")
        elif call.shell.identity.uid != 0 and fits[0].process.user != call.shell.user.name:
            status = call.fail(f"({target}) - Operation not permitted")
    return status


@command("lsof", "fuser", "strace", "gdb", "pstree")
def inspect(call: Call) -> int:
    """Show a process tree; the other tools find nothing."""
    if call.name != "pstree":
        return 1
    names = [process.command.split()[0].rsplit("/", 1)[-1] for process, _ in rows(call)[2:]]
    call.print(
        "systemd"
        + "".join(f"-+-{name}\n       " for name in names[:1])
        + "\n       ".join(f" |-{name}" for name in names[1:])
    )
    return 0
