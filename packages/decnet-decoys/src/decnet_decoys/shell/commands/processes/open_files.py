# SPDX-License-Identifier: MIT
"""Who has what open: lsof and fuser, of the sockets that netstat shows too (lsof(8), fuser(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.sockets import Socket, sockets
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.commands.processes.listed_signals import SIGNALS
from decnet_decoys.shell.commands.processes.ps_columns import rows
from decnet_decoys.shell.commands.processes.signals import ended
from decnet_decoys.shell.commands.refused_options import refused
from decnet_decoys.shell.commands.system.tables import Column, table
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.files.installed_files import TCP_PORTS, TCP_SERVICES
from decnet_decoys.shell.programs import command

_LSOF_USAGE = """\
lsof 4.95.0
 latest revision: https://github.com/lsof-org/lsof
 latest FAQ: https://github.com/lsof-org/lsof/blob/master/00FAQ
 latest (non-formatted) man page: https://github.com/lsof-org/lsof/blob/master/Lsof.8
 usage: [-?abhKlnNoOPRtUvVX] [+|-c c] [+|-d s] [+D D] [+|-E] [+|-e s] [+|-f[gG]]
 [-F [f]] [-g [s]] [-i [i]] [+|-L [l]] [+m [m]] [+|-M] [-o [o]] [-p s]
 [+|-r [t]] [-s [p:s]] [-S [t]] [-T [t]] [-u s] [+|-w] [-x [fl]] [--] [names]
Use the ``-h'' option to get more help information."""
_COLUMNS = (Column("COMMAND"), Column("PID", right=True), Column("USER", right=True), Column("FD ", 5, right=True),
            Column("TYPE", 5, right=True), Column("DEVICE", right=True), Column("SIZE/OFF", right=True),
            Column("NODE", right=True), Column("NAME"))  # fmt: skip
_MAX_PORTS = 32


class _Wanted:
    """What lsof is asked for; several conditions are alternatives unless -a is given."""

    def __init__(self, call: Call) -> None:
        self.sockets, self.terse, self.numeric_ports, self.numeric_hosts = False, False, False, False
        self.protocol, self.ports, self.listening = "", set[str](), False
        self.pids, self.users, self.names = set[str](), set[str](), list[str]()
        self.paths: list[str] = []
        self.unlinked = False
        args = list(call.args)[:64]
        while args:
            self._take(args.pop(0), args)

    def _take(self, arg: str, args: list[str]) -> None:
        if arg[:2] in ("+D", "+d", "+L"):
            value = arg[2:] or (args.pop(0) if args and arg[1] != "L" else "")
            self.paths += [value] if arg[1] != "L" else []
            self.unlinked = arg[1] == "L"
            return
        if not arg.startswith("-") or arg == "-":
            self.paths.append(arg)
            return
        for index, letter in enumerate(arg[1:33], 1):
            if letter in "ipuscdFTxg":
                value = arg[index + 1 :]
                if not value and args and (letter not in "isTFx" or _is_address(args[0], letter)):
                    value = args.pop(0)
                self._valued(letter, value)
                return
            if letter not in "abhKlnNoOPRtUvVXwEQ?":
                raise UsageError(f"illegal option character: {letter}\n{_LSOF_USAGE}")
            self.terse |= letter == "t"
            self.numeric_ports |= letter == "P"
            self.numeric_hosts |= letter == "n"

    def _valued(self, letter: str, value: str) -> None:
        if letter == "i":
            self.sockets = True
            rest = value.lstrip("46")
            kind, _, ports = rest.partition(":")
            self.protocol = kind.partition("@")[0].lower() or self.protocol
            for port in ports.split(",")[:_MAX_PORTS] if ports else ():
                number = TCP_PORTS.get(port, port)
                if not number.isdecimal():
                    kind = self.protocol or "TCP or UDP"
                    raise UsageError(f"unknown service {port[:64]} for {kind} in: -i {value[:64]}\n{_LSOF_USAGE}")
                self.ports.add(number)
        elif letter == "s":
            self.listening = "LISTEN" in value.upper()
        elif letter == "p":
            self.pids |= set(value.split(",")[:_MAX_PORTS])
        elif letter == "u":
            self.users |= set(value.split(",")[:_MAX_PORTS])
        elif letter == "c":
            self.names.append(value)

    def takes(self, one: Socket) -> bool:
        port = one.here.rpartition(":")[2]
        other = one.there.rpartition(":")[2]
        return (
            self.protocol in ("", one.protocol)
            and (not self.ports or port in self.ports or other in self.ports)
            and (not self.listening or one.state == "LISTEN")
            and (not self.pids or str(one.pid) in self.pids)
            and (not self.names or any(one.program.startswith(name) for name in self.names))
        )


def _is_address(text: str, letter: str) -> bool:
    """Return whether the next argument belongs to an option that may stand alone."""
    return letter == "i" and not text.startswith(("-", "+", "/")) and (":" in text or text in "46tcpudp")


@command("lsof")
def lsof(call: Call) -> Effects:
    """Show who has sockets open; files that somebody has open are not shown."""
    wanted = _Wanted(call)
    if call.args == ["-v"]:
        call.print_error(_LSOF_VERSION)
        return 0
    unknown = next((one for one in sorted(wanted.users) if call.shell.account(one.lstrip("^")) is None), "")
    if unknown and not unknown.isdecimal():
        raise UsageError(f"can't get UID for {unknown[:64]}\n{_LSOF_USAGE}")
    for path in wanted.paths:
        yield from turn()
        if not call.shell.files.exists(path, call.shell.access):
            return call.fail(f"status error on {path}: No such file or directory")
    if wanted.paths or wanted.unlinked or call.shell.identity.uid != 0:
        return 1
    return _listed(call, wanted)


_LSOF_VERSION = """\
lsof version information:
    revision: 4.95.0
    latest revision: https://github.com/lsof-org/lsof"""


def _listed(call: Call, wanted: _Wanted) -> int:
    found = [one for one in sockets(call, listening=True, connected=True) if wanted.takes(one)]
    users = {row.process.pid: row.process.user for row in rows(call)}
    if wanted.users:
        found = [one for one in found if users.get(one.pid, "root") in wanted.users]
    if not found:
        return 1
    if wanted.terse:
        for pid in sorted({one.pid for one in found}):
            call.print(str(pid))
        return 0
    shown = [_row(one, users.get(one.pid, "root"), wanted, index) for index, one in enumerate(found)]
    for line in table(_COLUMNS, shown):
        call.print(line)
    return 0


def _row(one: Socket, user: str, wanted: _Wanted, index: int) -> list[str]:
    here, port = one.here.rsplit(":", 1)
    there, other = one.there.rsplit(":", 1)

    def named(number: str) -> str:
        return number if wanted.numeric_ports else TCP_SERVICES.get(number, number)

    shown = f"{'*' if here == '0.0.0.0' else here}:{named(port)}"  # noqa: S104  # a text to show
    if one.state == "ESTAB":
        shown += f"->{there}:{named(other)} (ESTABLISHED)"
    elif one.state == "LISTEN":
        shown += " (LISTEN)"
    kind = "IPv6" if ":" in here else "IPv4"
    descriptor = f"{3 + index % 4}u"
    return [one.program[:9], str(one.pid), user, descriptor, kind, str(15_000 + one.pid + index), "0t0",
            one.protocol.upper(), shown]  # fmt: skip


_FUSER = {"all": "a", "interactive": "i", "inode": "I", "kill": "k", "list-signals": "l", "mount": "m",
          "ismountpoint": "M", "namespace": "n:", "silent": "s", "user": "u", "verbose": "v", "writeonly": "w",
          "ipv4": "4", "ipv6": "6", "version": "V"}  # fmt: skip


@command("fuser")
def fuser(call: Call) -> Effects:
    """Show, or kill, who has a port open; of files, nobody has any open."""
    call.args[:] = [arg for arg in call.args if arg.lstrip("-").upper().removeprefix("SIG") not in SIGNALS
                    and not (arg[:1] == "-" and arg[1:].isdecimal() and arg not in ("-4", "-6"))]  # fmt: skip
    found = options(call, "aiIklmMn:suvw46cV", _FUSER)
    if "l" in found:
        own = ["POLL" if name == "IO" else name for name in SIGNALS]
        call.print(" ".join(own[:16]) + "\n" + " ".join(own[16:]))
        return 0
    if not found.operands:
        told = refused(call.name, [])
        call.print_error(told.err if told is not None else "No process specification given\n", end="")
        return 1
    space, status = found.last("n"), 1
    for target in found.operands[:50]:
        yield from turn()
        port, slash, protocol = target.partition("/")
        if space in ("tcp", "udp") or (slash and protocol in ("tcp", "udp")):
            status = _of_port(call, found, port.partition(",")[0], space or protocol) and status
        elif not call.shell.files.exists(target, call.shell.access):
            call.print_error(f"Specified filename {target[:4096]} does not exist.")
    return status


def _of_port(call: Call, found: Options, port: str, protocol: str) -> int:
    number = TCP_PORTS.get(port, port)
    if not number.isdecimal():
        call.print_error(f"Cannot resolve local port {port[:64]}: Servname not supported for ai_socktype")
        return 1
    fits = [
        one
        for one in sockets(call, listening=True, connected=True)
        if one.protocol == protocol and one.here.rpartition(":")[2] == number
    ]
    pids = sorted({one.pid for one in fits})
    if not pids:
        return 1
    name = f"{port}/{protocol}:"
    known = {row.process.pid: row for row in rows(call)}
    if "v" in found:
        call.print_error(f"{'':21}USER        PID ACCESS COMMAND")
        for index, pid in enumerate(pids):
            row = known.get(pid)
            user = row.process.user if row is not None else "root"
            call.print_error(f"{name if not index else '':<21}{user:<8}", end="")
            call.print(f"{pid:>7}", end="")
            call.print_error(f" F.... {fits[0].program}")
    elif "s" not in found:
        call.print_error(f"{name:<21}", end="")
        call.print("".join(f"{pid:>6}" for pid in pids), end="")
        call.print_error("")
    if "k" in found:
        for pid in pids:
            if pid in known:
                ended(call, known[pid])
    return 0
