# SPDX-License-Identifier: MIT
"""Commands that show sockets: netstat and ss (netstat(8), ss(8))."""

from typing import NamedTuple

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.net_tools import ANY, interface_table, routes
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.commands.processes.ps_columns import name_of
from decnet_decoys.shell.machine.files.installed_files import TCP_PORTS
from decnet_decoys.shell.programs import command


class Socket(NamedTuple):
    """A socket; the addresses are as netstat writes them, `ADDRESS:PORT`."""

    protocol: str
    state: str
    here: str
    there: str
    pid: int
    program: str


def sockets(call: Call, *, listening: bool, connected: bool) -> list[Socket]:
    """Return what is listened on and the attacker's own connection."""
    shell, found = call.shell, []
    if listening:
        for one in shell.machine.condition.listeners(shell.machine.persona):
            state = "LISTEN" if one.protocol == "tcp" else "UNCONN"
            found.append(Socket(one.protocol, state, f"{one.address}:{one.port}", f"{ANY}:*", one.pid, one.process))
    if connected:
        origin = shell.origin
        here, there = f"{shell.machine.address}:{origin.server_port}", f"{origin.address}:{origin.port}"
        found.append(Socket("tcp", "ESTAB", here, there, shell.pid, origin.daemon))
    return found


_NETSTAT = {
    "route": "r", "interfaces": "i", "groups": "g", "statistics": "s", "masquerade": "M", "verbose": "v", "wide": "W",
    "numeric": "n", "numeric-hosts": "n", "numeric-ports": "n", "numeric-users": "n", "symbolic": "N", "extend": "e",
    "programs": "p", "program": "p", "timers": "o", "continuous": "c", "listening": "l", "all": "a", "fib": "F",
    "cache": "C", "context": "Z", "tcp": "t", "udp": "u", "raw": "w", "unix": "x", "inet": "4", "inet6": "6",
    "protocol": "A:", "version": "V", "help": "h",
}  # fmt: skip


@command("netstat")
def netstat(call: Call) -> int:
    """Show sockets (-a -l -t -u -x -n -p), the routing table (-r), the interfaces (-i), groups (-g), counters (-s)."""
    found = options(call, "rigsMvWnNepoclaFCZtuUSwx46A:Vh", _NETSTAT, status=4)
    for letter, show in (("r", _routing_table), ("i", _interface_table), ("g", _groups), ("s", _statistics)):
        if letter in found:
            show(call)
            return 0
    if "M" in found:
        call.print_error("netstat: no support for `ip_masquerade' on this system.")
        return 1
    listening, everything = "l" in found, "a" in found
    which = (
        "only servers" if listening and not everything else "servers and established" if everything else "w/o servers"
    )
    kinds = "tuwx" if not found.any("tuwx") else "".join(letter for letter in "tuwx" if letter in found)
    if set(kinds) & set("tuw"):
        _internet_sockets(call, found, which, kinds)
    if "x" in kinds and not found.any("46"):
        call.print(f"Active UNIX domain sockets ({which})")
        owner = "PID/Program name     " if "p" in found else ""
        call.print(f"Proto RefCnt Flags       Type       State         I-Node   {owner}Path")
        for accepts, kind, state, pid, program, path in _unix_sockets(call):
            if accepts if not listening and not everything else (listening and not everything and not accepts):
                continue
            flags = "[ ACC ]" if accepts else "[ ]"
            owner = f"{f'{pid}/{program}':<20} " if "p" in found else ""
            call.print(
                f"unix  {2 if accepts else 3:<6} {flags:<11} {kind:<10} {state:<13} {14_000 + pid:<8} {owner}{path}"
            )
    return 0


def _internet_sockets(call: Call, found: Options, which: str, kinds: str) -> None:
    listening, everything = "l" in found, "a" in found
    tail = "" if "e" not in found else " User       Inode     "
    tail += " PID/Program name    " if "p" in found else ""
    tail += " Timer" if "o" in found else ""
    call.print(f"Active Internet connections ({which})")
    call.print(f"Proto Recv-Q Send-Q Local Address           Foreign Address         State      {tail}")
    root = call.shell.identity.uid == 0
    for one in sockets(call, listening=listening or everything, connected=everything or not listening):
        if one.protocol[0] not in kinds:
            continue
        state = {"ESTAB": "ESTABLISHED", "UNCONN": ""}.get(one.state, one.state)
        owner = f"{one.pid}/{one.program}" if root or one.state == "ESTAB" else "-"
        rest = f" {0:<10} {15_000 + one.pid:<10}" if "e" in found else ""
        rest += f" {owner:<20}" if "p" in found else ""
        rest += " off (0.00/0/0)" if "o" in found else ""
        call.print(f"{one.protocol:<5} {0:>6} {0:>6} {one.here:<23} {one.there:<23} {state:<11}{rest or ' '}")


def _unix_sockets(call: Call) -> list[tuple[bool, str, str, int, str, str]]:
    """Return sockets of the machine's own programs: whether each accepts, type, state, process and path."""
    running = call.shell.machine.condition.processes(call.shell.machine.persona)
    pids = {name_of(one): one.pid for one in running[::-1]}
    rows = [
        (True, "STREAM", "LISTENING", "systemd", "/run/systemd/private"),
        (True, "SEQPACKET", "LISTENING", "systemd", "/run/udev/control"),
        (False, "DGRAM", "", "systemd", "/run/systemd/notify"),
        (True, "STREAM", "LISTENING", "systemd", "/run/dbus/system_bus_socket"),
        (True, "STREAM", "LISTENING", "systemd-journal", "/run/systemd/journal/stdout"),
        (False, "DGRAM", "", "systemd-journal", "/run/systemd/journal/dev-log"),
        (True, "STREAM", "LISTENING", "mariadbd", "/run/mysqld/mysqld.sock"),
        (True, "STREAM", "LISTENING", "php-fpm", "/run/php/php8.2-fpm.sock"),
        (False, "STREAM", "CONNECTED", "systemd-journal", "/run/systemd/journal/stdout"),
        (False, "STREAM", "CONNECTED", "cron", ""),
        (False, "DGRAM", "", "sshd", ""),
    ]
    return [(accepts, kind, state, pids[name], name, path) for accepts, kind, state, name, path in rows if name in pids]


def _routing_table(call: Call) -> None:
    routes(call, sizes=True)


def _groups(call: Call) -> None:
    own = call.shell.machine.persona.hardware.interface
    call.print(
        "IPv6/IPv4 Group Memberships\nInterface       RefCnt Group\n--------------- ------ ---------------------"
    )
    for name, group in (("lo", "224.0.0.1"), (own, "224.0.0.1"), ("lo", "ff02::1"), ("lo", "ff01::1"),
                        (own, "ff02::1"), (own, "ff01::1")):  # fmt: skip
        call.print(f"{name:<15} 1      {group}")


def _statistics(call: Call) -> None:
    traffic = call.shell.machine.persona.hardware.traffic
    received, sent = traffic.received_packets, traffic.sent_packets
    call.print(
        f"Ip:\n    Forwarding: 2\n    {received} total packets received\n    0 forwarded\n"
        f"    0 incoming packets discarded\n    {received * 98 // 100} incoming packets delivered\n"
        f"    {sent} requests sent out\n"
        f"Icmp:\n    {received // 4100} ICMP messages received\n    0 input ICMP message failed\n"
        f"    ICMP input histogram:\n        destination unreachable: {received // 4100}\n"
        f"Tcp:\n    {sent // 700} active connection openings\n    {received // 190} passive connection openings\n"
        f"    {received // 9100} failed connection attempts\n    {received // 5200} connection resets received\n"
        f"    1 connections established\n    {received * 96 // 100} segments received\n"
        f"    {sent * 97 // 100} segments sent out\n    {sent // 830} segments retransmitted\n"
        f"    0 bad segments received\n    {sent // 2100} resets sent\n"
        f"Udp:\n    {received // 80} packets received\n    0 packets to unknown port received\n"
        f"    0 packet receive errors\n    {sent // 90} packets sent"
    )


def _interface_table(call: Call) -> None:
    interface_table(
        call,
        "Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg",
    )


_SS = {
    "numeric": "n", "resolve": "r", "all": "a", "listening": "l", "options": "o", "extended": "e", "memory": "m",
    "processes": "p", "threads": "T", "info": "i", "summary": "s", "ipv4": "4", "ipv6": "6", "packet": "0",
    "tcp": "t", "udp": "u", "raw": "w", "unix": "x", "family": "f:", "query": "A:", "socket": "A:", "no-header": "H",
    "oneline": "O", "kill": "K", "events": "E", "net": "N:", "help": "h", "version": "V", "tos": "tos",
    "cgroup": "cgroup", "vsock": "vsock", "diag": "D:", "filter": "F:", "dccp": "d", "sctp": "S", "mptcp": "M",
    "bpf": "b", "context": "Z", "contexts": "z", "tipc": "tipc", "xdp": "xdp", "inet-sockopt": "sockopt",
}  # fmt: skip
_STATES = {
    "established": ("ESTAB",), "listening": ("LISTEN",), "listen": ("LISTEN",), "all": ("ESTAB", "LISTEN", "UNCONN"),
    "connected": ("ESTAB",), "synchronized": ("ESTAB",), "big": ("ESTAB", "LISTEN"), "bucket": (), "syn-sent": (),
    "syn-recv": (), "fin-wait-1": (), "fin-wait-2": (), "time-wait": (), "closed": ("UNCONN",), "close-wait": (),
    "last-ack": (), "closing": (), "unconnected": ("UNCONN",), "exclude": (),
}  # fmt: skip


@command("ss")
def ss(call: Call) -> int:
    """Show sockets; its columns are as wide as what is in them."""
    found = options(call, "0146abBdDeEf:F:hHiKlmMnN:oOpPrsStTuVwxzZA:", _SS, status=255)
    if "s" in found:
        call.print("Total: 142\nTCP:   6 (estab 1, closed 1, orphaned 0, timewait 0)\n")
        call.print("Transport Total     IP        IPv6\nRAW\t  1         0         1        ")
        call.print("UDP\t  1         1         0        \nTCP\t  5         4         1        ")
        call.print("INET\t  7         5         2        \nFRAG\t  0         0         0        \n")
        return 0
    filter_ = _Filter(found.operands[:64])
    if filter_.wrong:
        return call.fail(f"wrong state name: {filter_.wrong[:64]}", 255)
    asked = {one for given in found.values.get("A", []) for one in given.split(",")[:8]}
    kinds = "".join(letter for letter, name in (("t", "tcp"), ("u", "udp"), ("x", "unix"))
                    if letter in found or name in asked or ("inet" in asked and letter != "x"))  # fmt: skip
    other = found.any("wx0dS") and not kinds.strip("x")
    listening, everything = "l" in found, "a" in found or filter_.states is not None
    rows = [] if other else [
        one
        for one in sockets(call, listening=listening or everything, connected=not listening)
        if (not kinds or one.protocol[0] in kinds) and filter_.takes(one)
    ]  # fmt: skip
    one_state = filter_.states is not None and len(filter_.states) < 2
    _ss_table(call, found, rows, netid=len(kinds) != 1, state=not one_state)
    return 0


MAX_FILTER = 4096
"""Characters that are read of a filter of ss."""


class _Filter:
    """The filter of ss: a state, addresses and ports; conditions joined by `or` are alternatives."""

    def __init__(self, words: list[str]) -> None:
        self.states: tuple[str, ...] | None = None
        self.wrong = ""
        self._any = bool({"or", "||", "|"} & set(words))
        self._conditions: list[tuple[str, str, bool]] = []
        whole = " ".join(word[:MAX_FILTER] for word in words)[:MAX_FILTER]
        words = whole.replace("(", " ").replace(")", " ").split()
        while words:
            word = words.pop(0)
            if word == "state" and words:
                name = words.pop(0).lower()
                self.wrong = self.wrong or ("" if name in _STATES else name)
                self.states = (self.states or ()) + _STATES.get(name, ())
            elif word in ("sport", "dport", "src", "dst") and words:
                operator = words.pop(0) if words[0] in ("=", "==", "eq", "!=", "ne", "neq", "is") else "="
                value = words.pop(0) if words else ""
                self._conditions.append((word, value.removeprefix(":"), operator in ("!=", "ne", "neq")))

    def takes(self, one: Socket) -> bool:
        if self.states is not None and one.state not in self.states:
            return False
        met = [self._meets(one, *condition) for condition in self._conditions]
        return not met or (any(met) if self._any else all(met))

    def _meets(self, one: Socket, what: str, value: str, negated: bool) -> bool:  # of a tuple
        address, port = (one.here if what[0] == "s" else one.there).rsplit(":", 1)
        number = TCP_PORTS.get(value, value)
        if what in ("sport", "dport"):
            return (port == number) != negated
        wanted, _, wanted_port = value.partition(":")
        return (address == wanted.partition("/")[0] and wanted_port in ("", port)) != negated


def _ss_table(call: Call, found: Options, rows: list[Socket], *, netid: bool, state: bool) -> None:
    root = call.shell.identity.uid == 0
    table = [
        (
            one.protocol,
            one.state,
            "0",
            "128" if one.state == "LISTEN" else "0",
            *one.here.rsplit(":", 1),
            *one.there.rsplit(":", 1),
        )
        for one in rows
    ]
    widths = [max([len(row[index]) for row in table], default=0) for index in range(8)]
    head = ("Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port")
    wide = [max(width, len(title)) for width, title in zip(widths, head, strict=True)]
    owners = ("Process", *(f'users:(("{one.program}",pid={one.pid},fd=3))' for one in rows))
    for row, owner in zip((head, *table), owners, strict=True):
        if row is head and "H" in found:
            continue
        cells = ([f"{row[0]:<{wide[0]}}"] if netid else []) + ([f"{row[1]:<{wide[1]}}"] if state else [])
        cells += [f"{row[2]:<{wide[2]}}", f"{row[3]:<{wide[3]}}", f"{row[4]:>{wide[4]}}:{row[5]:<{wide[5]}}"]
        process = owner if row is head or ("p" in found and root) else ""
        call.print(" ".join(cells) + f" {row[6]:>{wide[6]}}:{row[7]:<{wide[7]}}{process}")
