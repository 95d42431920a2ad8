# SPDX-License-Identifier: MIT
"""Commands that show sockets, and the firewall: netstat, ss, iptables (netstat(8), ss(8), iptables(8))."""

from itertools import pairwise
from typing import NamedTuple

from decnet_decoys.personas.schema import LOOPBACK_TRAFFIC
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.system.network import ANY, routes
from decnet_decoys.shell.machine.condition import MAX_RULES
from decnet_decoys.shell.programs import command


class _Socket(NamedTuple):
    protocol: str
    state: str
    here: str
    there: str
    pid: int
    program: str


def _sockets(call: Call, *, listening: bool, connected: bool) -> list[_Socket]:
    """Return what is listened on and the attacker's own connection."""
    shell, found = call.shell, []
    if listening:
        for one in shell.machine.condition.listeners(shell.machine.persona):
            state = "LISTEN" if one.protocol == "tcp" else "UNCONN"
            found.append(_Socket(one.protocol, state, f"{one.address}:{one.port}", f"{ANY}:*", one.pid, one.process))
    if connected:
        origin = shell.origin
        here, there = f"{shell.machine.address}:{origin.server_port}", f"{origin.address}:{origin.port}"
        found.append(_Socket("tcp", "ESTAB", here, there, shell.pid, origin.daemon))
    return found


def _letters(call: Call) -> str:
    return "".join(arg[1:] for arg in call.args if arg.startswith("-") and not arg.startswith("--"))


@command("netstat")
def netstat(call: Call) -> int:
    """Show sockets (-a -l -t -u -n -p), the routing table (-r) or the interfaces (-i)."""
    flags = _letters(call)
    if "r" in flags:
        routes(call, sizes=True)
        return 0
    if "i" in flags:
        _interface_table(call)
        return 0
    listening, everything = "l" in flags, "a" in flags
    which = (
        "only servers" if listening and not everything else "servers and established" if everything else "w/o servers"
    )
    tail = "       PID/Program name    " if "p" in flags else "      "
    call.print(f"Active Internet connections ({which})")
    call.print(f"Proto Recv-Q Send-Q Local Address           Foreign Address         State{tail}")
    root = call.shell.identity.uid == 0
    for one in _sockets(call, listening=listening or everything, connected=everything or not listening):
        if ("t" in flags) != ("u" in flags) and one.protocol != ("tcp" if "t" in flags else "udp"):
            continue
        state = {"ESTAB": "ESTABLISHED", "UNCONN": ""}.get(one.state, one.state)
        owner = f"{one.pid}/{one.program}" if root or one.state == "ESTAB" else "-"
        process = f"{owner:<20}" if "p" in flags else ""
        call.print(f"{one.protocol:<5} {0:>6} {0:>6} {one.here:<23} {one.there:<23} {state:<11} {process}")
    return 0


def _interface_table(call: Call) -> None:
    hardware = call.shell.machine.persona.hardware
    traffic = hardware.traffic
    call.print(
        "Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg"
    )
    for name, mtu, received, sent, flags in (
        (hardware.interface, 1500, traffic.received_packets, traffic.sent_packets, "BMRU"),
        ("lo", 65536, LOOPBACK_TRAFFIC.received_packets, LOOPBACK_TRAFFIC.sent_packets, "LRU"),
    ):
        call.print(f"{name:<16} {mtu:>5} {received:>8}      0      0 0      {sent:>8}      0      0      0 {flags}")


@command("ss")
def ss(call: Call) -> int:
    """Show sockets; its columns are as wide as what is in them."""
    flags = _letters(call)
    if "s" in flags:
        call.print("Total: 142\nTCP:   6 (estab 1, closed 0, orphaned 0, timewait 0)\n")
        return 0
    asked = [word for word in call.words if word not in ("state", "dst", "src", "sport", "dport")]
    established = "established" in asked
    listening, everything = "l" in flags, "a" in flags
    rows = [
        one
        for one in _sockets(call, listening=listening or everything, connected=not listening)
        if not (("t" in flags) != ("u" in flags) and one.protocol != ("tcp" if "t" in flags else "udp"))
        and not (established and one.state != "ESTAB")
    ]
    netid, root = ("t" in flags) == ("u" in flags), call.shell.identity.uid == 0
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
    for row, owner in zip(
        (head, *table), ("Process", *(f'users:(("{one.program}",pid={one.pid},fd=3))' for one in rows)), strict=True
    ):
        cells = ([f"{row[0]:<{wide[0]}}"] if netid else []) + ([] if established else [f"{row[1]:<{wide[1]}}"])
        cells += [f"{row[2]:<{wide[2]}}", f"{row[3]:<{wide[3]}}", f"{row[4]:>{wide[4]}}:{row[5]:<{wide[5]}}"]
        process = owner if row is head or ("p" in flags and root) else ""
        call.print(" ".join(cells) + f" {row[6]:>{wide[6]}}:{row[7]:<{wide[7]}}{process}")
    return 0


_CHAINS = ("INPUT", "FORWARD", "OUTPUT")


@command("iptables", "ip6tables", "iptables-save", folder="/usr/sbin")
def iptables(call: Call) -> int:
    """Show and change the rules of the firewall; they stay for others."""
    if call.shell.identity.uid != 0:
        return _error(call, "Could not fetch rule set generation id: Permission denied (you must be root)", 4)
    args = [part for arg in call.args[:MAX_ARGUMENTS] for part in _separate(arg)]
    if call.name == "iptables-save":
        return _saved(call)
    if args in (["--version"], ["-V"]):
        call.print("iptables v1.8.9 (nf_tables)")
        return 0
    verb = next((arg for arg in args if arg[:2] in _VERBS or arg in _LONG), "")
    unknown = next((arg for arg in args if arg.startswith("--") and arg not in _LONG and arg not in _MATCHES), "")
    if unknown or not verb:
        hint = f"Try `{call.name} -h' or '{call.name} --help' for more information."
        return _error(
            call, (f'unknown option "{unknown[:64]}"' if unknown else "no command specified") + f"\n{hint}", 2
        )
    letter, words = _LONG.get(verb, verb[:2]), [arg for arg in args[args.index(verb) + 1 :] if arg != "-w"]
    table = next((after for arg, after in pairwise(args) if arg in ("-t", "--table")), "filter")
    if table != "filter":
        return _other_table(call, table, letter)
    return _of_filter(call, letter, words)


MAX_ARGUMENTS = 128


def _separate(arg: str) -> list[str]:
    """Return the letters of `-nL` or `-vnL` as options of their own."""
    clustered = len(arg) > 2 and arg[0] == "-" and set(arg[1:]) <= set("nvxLSFXZ")
    return [f"-{letter}" for letter in arg[1:]] if clustered else [arg]


def _of_filter(call: Call, letter: str, words: list[str]) -> int:
    while words and words[0] in ("-n", "-v", "-x") and letter in ("-L", "-S", "-F"):
        words = words[1:]
    chain = words[0] if words and not words[0].startswith("-") else ""
    if chain and chain not in _CHAINS and f"-N {chain}" not in call.shell.machine.condition.rules:
        if letter in ("-L", "-S"):
            wrong = f"chain `{chain[:29]}' in table `filter' is incompatible, use 'nft' tool."
            return _error(call, wrong, 1)
        if letter not in ("-N", "-X"):
            return _error(call, "No chain/target/match by that name.", 1, plain=True)
    return _performed(call, letter, chain, words)


_MATCH_NAMES = """
--dport --sport --dports --sports --to-port --to-ports --to-destination --to-source --state --ctstate --source
--destination --protocol --jump --in-interface --out-interface --match --table --numeric --verbose --line-numbers
--icmp-type --string --algo --limit --limit-burst --reject-with --log-prefix --comment --hitcount --seconds --set
--update --name --wait --syn --tcp-flags --connlimit-above --mac-source --uid-owner --exact --check --src-range
--dst-range --set-mark --destination-port --source-port --hex-string --from --to --rcheck
"""
_MATCHES = frozenset(_MATCH_NAMES.split())
_TABLES = {
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}


def _other_table(call: Call, table: str, letter: str) -> int:
    """Show that a table other than `filter` is empty; changes of it are taken."""
    if table not in _TABLES:
        hint = f"Perhaps {call.name} or your kernel needs to be upgraded."
        return _error(call, f"can't initialize {call.name} table `{table[:32]}': Table does not exist\n{hint}", 3)
    for index, name in enumerate(_TABLES[table]):
        if letter == "-L":
            call.print(("\n" if index else "") + f"Chain {name} (policy ACCEPT)\n{_LIST_HEAD}")
        elif letter == "-S":
            call.print(f"-P {name} ACCEPT")
    return 0


_LIST_HEAD = "target     prot opt source               destination         "
_VERBS = frozenset(("-A", "-I", "-D", "-F", "-L", "-S", "-P", "-X", "-N", "-Z"))


def _performed(call: Call, letter: str, chain: str, words: list[str]) -> int:
    rules = call.shell.machine.condition.rules
    if letter == "-D" and len(words) == 2 and words[1].isdecimal():
        of_chain = [rule for rule in rules if rule.startswith(f"-A {chain} ")]
        if not 0 < int(words[1][:4]) <= len(of_chain):
            return _error(call, "Index of deletion too big.", 1, plain=True)
        rules.remove(of_chain[int(words[1][:4]) - 1])
        return 0
    if letter == "-D" and _shown(words) not in rules:
        return _error(call, "Bad rule (does a matching rule exist in that chain?).", 1, plain=True)
    if letter == "-L":
        _listed(call, chain)
    elif letter == "-S":
        _specified(call, chain)
    elif letter == "-D":
        rules.remove(_shown(words))
    elif letter == "-F":
        rules[:] = [rule for rule in rules if not rule.startswith("-A") or (chain and rule.split()[1] != chain)]
    elif letter in ("-A", "-I", "-P", "-N") and len(rules) < MAX_RULES:
        _added(rules, letter, words)
    return 0


def _specified(call: Call, chain: str) -> None:
    rules = call.shell.machine.condition.rules
    for name in _CHAINS:
        if not chain or name == chain:
            call.print(_policy(rules, name))
    for rule in rules:
        if rule.startswith("-A") and (not chain or rule.split()[1] == chain):
            call.print(rule)


_LONG = {"--append": "-A", "--insert": "-I", "--delete": "-D", "--flush": "-F", "--list": "-L", "--list-rules": "-S",
         "--policy": "-P", "--new-chain": "-N", "--zero": "-Z", "--delete-chain": "-X"}  # fmt: skip


def _error(call: Call, message: str, status: int, *, plain: bool = False) -> int:
    call.print_error(f"{call.name}: {message}" if plain else f"{call.name} v1.8.9 (nf_tables): {message}")
    return status


def _added(rules: list[str], letter: str, words: list[str]) -> None:
    if letter == "-P" and len(words) > 1:
        rules[:] = [rule for rule in rules if not rule.startswith(f"-P {words[0]} ")]
        rules.append(f"-P {words[0]} {words[1][:16]}")
    elif letter == "-N" and words:
        rules.append(f"-N {words[0][:28]}")
    elif words:
        if len(words) > 1 and words[1].isdecimal():
            del words[1]
        rule = _shown(words)
        rules.insert(0 if letter == "-I" else len(rules), rule)


def _shown(words: list[str]) -> str:
    """Return a rule as `iptables -S` shows it: with the match that a port needs."""
    found: list[str] = []
    for index, word in enumerate(words[:64]):
        found.append(word)
        if (
            index
            and words[index - 1] == "-p"
            and words[index + 1 : index + 2] != ["-m"]
            and {"--dport", "--sport"} & set(words)
        ):
            found += ["-m", word]
        if index and words[index - 1] in ("-s", "-d") and "/" not in word:
            found[-1] = word + "/32"
    return "-A " + " ".join(found)[:512]


def _policy(rules: list[str], chain: str) -> str:
    return next((rule for rule in rules if rule.startswith(f"-P {chain} ")), f"-P {chain} ACCEPT")


def _listed(call: Call, chain: str) -> None:
    rules = call.shell.machine.condition.rules
    for index, name in enumerate([one for one in _CHAINS if not chain or one == chain]):
        policy = _policy(rules, name).split()[2]
        call.print(("\n" if index else "") + f"Chain {name} (policy {policy})")
        call.print(_LIST_HEAD)
        for rule in rules:
            words = rule.split()
            if words[:2] == ["-A", name]:
                _row(call, words)


def _row(call: Call, words: list[str]) -> None:
    def after(*names: str) -> str:
        return next((value for name, value in pairwise(words) if name in names), "")

    numeric = "n" in _letters(call) or "--numeric" in call.args
    anywhere = "0.0.0.0/0" if numeric else "anywhere"
    source, target = after("-s") or anywhere, after("-d") or anywhere
    named, port = after("-p") or "all", after("--dport")
    protocol = {"all": "0", "icmp": "1", "tcp": "6", "udp": "17"}.get(named, named) if numeric else named
    extra = f" {named} dpt:{port}" if port else ""
    where = f"{source.removesuffix('/32'):<20} {target.removesuffix('/32'):<20}"
    call.print(f"{after('-j'):<10} {protocol:<4} --  {where}{extra}")


def _saved(call: Call) -> int:
    rules = call.shell.machine.condition.rules
    if rules:
        call.print("*filter")
        for name in _CHAINS:
            call.print(f":{name} {_policy(rules, name).split()[2]} [0:0]")
        for rule in rules:
            if rule.startswith("-A"):
                call.print(rule)
        call.print("COMMIT")
    return 0
