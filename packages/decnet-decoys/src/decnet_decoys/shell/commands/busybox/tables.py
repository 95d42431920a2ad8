# SPDX-License-Identifier: MIT
"""ps, free, df, wc, date and ping as Debian's BusyBox 1.35 lays them out: bots run them to tell machines apart."""

from collections.abc import Callable

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.busybox.words import worded
from decnet_decoys.shell.commands.network.downloads import is_address
from decnet_decoys.shell.commands.processes.ps_columns import name_of, rows
from decnet_decoys.shell.commands.text.counting import tallied
from decnet_decoys.shell.effects import Effects, Pause, Requested, Steps

_WIDEST = 20
"""Characters of a device's name beside which the figures stand in the same line."""


def _ps(call: Call) -> Effects:
    call.print("PID   USER     COMMAND")
    for row in rows(call):
        process = row.process
        name = name_of(process)
        started = process.command.split(" ")[0].rpartition("/")[2].lstrip("-")
        own = process.command.startswith("[") or started.startswith(name)
        shown = process.command if own else f"{{{name}}} {process.command}"
        call.print(f"{process.pid:5} {process.user:<8.8} {shown}")
    yield from ()
    return 0


def _free(call: Call) -> Effects:
    """Show what `free` of procps does in the columns of BusyBox."""
    table = yield from _of_system(call, "free")
    call.print("              total        used        free      shared  buff/cache   available")
    for line in table[1:]:
        title, *figures = line.split()
        call.print(f"{title:<7}" + "".join(f"{figure:>12}" for figure in figures))
    return 0


def _df(call: Call) -> Effects:
    table = yield from _of_system(call, "df")
    short = {"h", "m"} & {letter for arg in call.args if arg.startswith("-") for letter in arg[1:]}
    kind = "Type       " if any("T" in arg for arg in call.args if arg.startswith("-")) else ""
    size = "     Size      Used Available" if short else "1K-blocks      Used Available"
    call.print(f"Filesystem           {kind}{size if kind else size.rjust(28)} Use% Mounted on")
    for line in table[1:]:
        name, *cells = line.split(None, 6 if kind else 5)
        typed = [cells.pop(0)] if kind else []
        total, used, left, share, point = (*cells, "", "", "", "", "")[:5]
        head = f"{name:<{_WIDEST}}" if len(name) <= _WIDEST else f"{name}\n{'':<{_WIDEST}}"
        call.print(
            head + "".join(f" {one:<10}" for one in typed) + f" {total:>9} {used:>9} {left:>9} {share:>4} {point}"
        )
    return 0


def _of_system(call: Call, name: str) -> Steps[list[str]]:
    """Return the lines that the system's program of this name prints."""
    out = call.runner.buffer()
    yield from call.runner.execute([name, *call.args], call.streams._replace(out=out), program=True)
    return out.take().decode("utf-8", "replace").splitlines() or [""]


def _ping(call: Call) -> Effects:
    """Ask for an echo, which comes from the machine itself only."""
    options, operands = call.flags("csIWwtipA")
    if not operands:
        return call.fail("applet needs a host")
    host = operands[0][:253]
    yield Requested("ping", {"host": host})
    own = host in ("localhost", call.shell.machine.hostname, call.shell.machine.address) or host.startswith("127.")
    if not own and not is_address(host):
        return call.fail(f"bad address '{host}'")
    asked = options.get("c", "5")
    count = min(int(asked), MAX_PINGS) if asked.isdecimal() and len(asked) < 4 else MAX_PINGS
    address = host if is_address(host) else "127.0.0.1"
    call.print(f"PING {host} ({address}): 56 data bytes")
    for number in range(count):
        yield Pause(1.0 if number or not own else 0.0)
        if own:
            call.print(f"64 bytes from {address}: seq={number} ttl=64 time=0.0{41 + 7 * number % 20} ms")
    received, loss = (count, 0) if own else (0, 100)
    counted = f"{count} packets transmitted, {received} packets received, {loss}% packet loss"
    call.print(f"\n--- {host} ping statistics ---\n{counted}")
    if own:
        call.print("round-trip min/avg/max = 0.041/0.052/0.060 ms")
    return int(not own)


def _wc(call: Call) -> Effects:
    """Count as `wc` of GNU does, in columns of nine characters unless there is only one figure."""
    tally = yield from tallied(call)
    width = 9 if len(tally.letters) > 1 else 1
    for row, path in tally.shown:
        call.print(" ".join(f"{row[letter]:{width}}" for letter in tally.letters) + (f" {path}" if path else ""))
    return tally.status


def _date(call: Call) -> Effects:
    """Show the time in the C locale, whatever LANG says."""
    shaped = any(arg.startswith(("+", "-R", "-I", "--rfc", "--iso")) for arg in call.args)
    args = call.args if shaped else [*call.args, "+%a %b %e %H:%M:%S %Z %Y"]
    return (yield from worded(call, args, program=True))


MAX_PINGS = 5
TABLES: dict[str, Callable[[Call], Effects]] = {
    "ps": _ps, "free": _free, "df": _df, "ping": _ping, "wc": _wc, "date": _date,
}  # fmt: skip
"""By applet: what it prints where Debian's program of the name prints it otherwise."""
