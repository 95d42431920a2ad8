# SPDX-License-Identifier: MIT
"""The firewall: iptables and what saves its rules (iptables(8)). Rules stay, for others too."""

from itertools import pairwise

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.firewall_chains import (
    NO_CHAIN,
    change_chains,
    is_target,
    made_chains,
    references,
)
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.machine.condition import MAX_RULES
from decnet_decoys.shell.machine.files.installed_files import TCP_PORTS
from decnet_decoys.shell.programs import command

_CHAINS = ("INPUT", "FORWARD", "OUTPUT")


@command("iptables", "ip6tables", "iptables-save", "ip6tables-save", folder="/usr/sbin")
def iptables(call: Call) -> int:
    """Show and change the rules of the firewall; they stay for others."""
    if call.shell.identity.uid != 0:
        return _error(call, "Could not fetch rule set generation id: Permission denied (you must be root)", 4)
    call.args[:] = ["--line-numbers" if len(arg) > 4 and "--line-numbers".startswith(arg) else arg for arg in call.args]
    args = [part for arg in call.args[:MAX_ARGUMENTS] for part in _separate(arg)]
    if call.name.endswith("-save"):
        return _saved(call)
    if args in (["--version"], ["-V"]):
        call.print("iptables v1.8.9 (nf_tables)")
        return 0
    verb = next((arg for arg in args if arg[:2] in _VERBS or arg in _LONG), "")
    wrong = _wrong(args, verb)
    if wrong:
        return _misused(call, wrong)
    letter, words = _LONG.get(verb, verb[:2]), [arg for arg in args[args.index(verb) + 1 :] if arg != "-w"]
    table = next((after for arg, after in pairwise(args) if arg in ("-t", "--table")), "filter")
    if table != "filter":
        return _other_table(call, table, letter, [word for word in words if word not in ("-n", "-v", "-x")])
    return _of_filter(call, letter, words)


def _misused(call: Call, wrong: str) -> int:
    return _error(call, f"{wrong}\nTry `{call.name} -h' or '{call.name} --help' for more information.", 2)


def _wrong(args: list[str], verb: str) -> str:
    """Return what is wrong with the arguments, empty if nothing is."""
    if args[-1:] and args[-1] in _VALUED:
        return f'option "{args[-1]}" requires an argument'
    unknown = next((arg for arg in args if arg.startswith("--") and arg not in _LONG and arg not in _MATCHES), "")
    if unknown or not verb:
        return f'unknown option "{unknown[:64]}"' if unknown else "no command specified"
    port = next((after for arg, after in pairwise(args) if arg in ("--dport", "--sport", "--destination-port")), "1")
    if not all(one.isdecimal() or one in TCP_PORTS for one in port.replace(":", ",").strip(",").split(",")[:16]):
        return f"invalid port/service `{port[:64]}' specified"
    return ""


MAX_ARGUMENTS = 128
_VALUED = ("-j", "-p", "-s", "-d", "-i", "-o", "-m", "-t", "--dport", "--sport", "--jump", "--protocol", "--table")
"""Options without which nothing may stand at the end."""


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
        if letter not in ("-N", "-X", "-C"):
            return _error(call, NO_CHAIN, 1, plain=True)
    if letter in ("-N", "-X"):
        fault = change_chains(call.shell.machine.condition.rules, letter, chain)
        return 0 if fault is None else _error(call, fault.text, fault.status, plain=fault.plain)
    target = next((after for word, after in pairwise(words) if word in ("-j", "--jump")), "")
    if letter in ("-A", "-I") and target and not is_target(call.shell.machine.condition.rules, target):
        return _misused(call, f"Chain '{target[:29]}' does not exist")
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


def _other_table(call: Call, table: str, letter: str, words: list[str]) -> int:
    """Show or change a table other than `filter`."""
    if table not in _TABLES:
        hint = f"Perhaps {call.name} or your kernel needs to be upgraded."
        return _error(call, f"table '{table[:32]}' does not exist\n{hint}", 3)
    rules, head = call.shell.machine.condition.rules, f"-t {table} "
    own = [rule.removeprefix(head) for rule in rules if rule.startswith(head)]
    asked = words[0] if words and words[0] in _TABLES[table] else ""
    chains = [asked] if asked else list(_TABLES[table])
    if letter == "-L":
        _chains(call, chains, own)
    elif letter == "-S":
        call.print("\n".join([*(f"-P {name} ACCEPT" for name in chains), *own]))
    else:
        return _other_changed(call, head, letter, words)
    return 0


def _other_changed(call: Call, head: str, letter: str, words: list[str]) -> int:
    """Change a table other than `filter`, whose rules are kept with `head` before them."""
    rules, rule = call.shell.machine.condition.rules, head + _shown(words)
    if letter in ("-A", "-I") and len(rules) < MAX_RULES:
        rules.insert(0 if letter == "-I" else len(rules), rule)
    elif letter in ("-D", "-C") and rule not in rules:
        return _error(call, "Bad rule (does a matching rule exist in that chain?).", 1, plain=True)
    elif letter == "-D":
        rules.remove(rule)
    elif letter == "-F":
        rules[:] = [one for one in rules if not one.startswith(f"{head}-A {' '.join(words[:1])}".rstrip())]
    return 0


_LIST_HEAD = "target     prot opt source               destination         "
_VERBS = frozenset(("-A", "-I", "-D", "-F", "-L", "-S", "-P", "-X", "-N", "-Z", "-C"))


def _performed(call: Call, letter: str, chain: str, words: list[str]) -> int:
    rules = call.shell.machine.condition.rules
    if letter == "-D" and len(words) == 2 and words[1].isdecimal():
        of_chain = [rule for rule in rules if rule.startswith(f"-A {chain} ")]
        if not rules:
            return _error(call, NO_CHAIN, 1, plain=True)
        if not 0 < int(words[1][:4]) <= len(of_chain):
            return _error(call, "Index of deletion too big.", 1, plain=True)
        rules.remove(of_chain[int(words[1][:4]) - 1])
        return 0
    if letter in ("-D", "-C") and _shown(words) not in rules:
        return _error(call, "Bad rule (does a matching rule exist in that chain?).", 1, plain=True)
    if letter == "-L":
        _listed(call, chain)
    elif letter == "-S":
        _specified(call, chain)
    elif letter == "-D":
        rules.remove(_shown(words))
    elif letter == "-F":
        rules[:] = [rule for rule in rules if not rule.startswith("-A") or (chain and rule.split()[1] != chain)]
    elif letter in ("-A", "-I", "-P") and len(rules) < MAX_RULES:
        _added(rules, letter, words)
    return 0


def _specified(call: Call, chain: str) -> None:
    rules = call.shell.machine.condition.rules
    chains = [name for name in (*_CHAINS, *made_chains(rules)) if not chain or name == chain]
    for name in chains:
        call.print(_policy(rules, name) if name in _CHAINS else f"-N {name}")
    for name in chains:
        for rule in rules:
            if rule.startswith(f"-A {name} "):
                call.print(rule)


_LONG = {"--append": "-A", "--check": "-C", "--insert": "-I", "--delete": "-D", "--flush": "-F", "--list": "-L",
         "--list-rules": "-S",
         "--policy": "-P", "--new-chain": "-N", "--zero": "-Z", "--delete-chain": "-X"}  # fmt: skip


def _error(call: Call, message: str, status: int, *, plain: bool = False) -> int:
    call.print_error(f"{call.name}: {message}" if plain else f"{call.name} v1.8.9 (nf_tables): {message}")
    return status


def _added(rules: list[str], letter: str, words: list[str]) -> None:
    if letter == "-P" and len(words) > 1:
        rules[:] = [rule for rule in rules if not rule.startswith(f"-P {words[0]} ")]
        rules.append(f"-P {words[0]} {words[1][:16]}")
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


def _has(call: Call, letter: str, name: str) -> bool:
    """Return whether an option is given, by its letter alone or among others, or by its name."""
    return name in call.args or any(
        arg[:1] == "-" and arg[1:2] != "-" and letter in arg and set(arg[1:]) <= set("nvxLS") for arg in call.args[:32]
    )


def _listed(call: Call, chain: str) -> None:
    rules = call.shell.machine.condition.rules
    _chains(call, [one for one in (*_CHAINS, *made_chains(rules)) if not chain or one == chain], rules)


def _chains(call: Call, names: list[str], rules: list[str]) -> None:
    """Show chains with their rules as `iptables -L` does."""
    numbered, verbose = "--line-numbers" in call.args, _has(call, "v", "--verbose")
    for index, name in enumerate(names):
        policy = _policy(rules, name).split()[2]
        counted = " 0 packets, 0 bytes" if verbose else ""
        said = f"policy {policy}{counted}" if f"-N {name}" not in rules else f"{references(rules, name)} references"
        call.print(("\n" if index else "") + f"Chain {name} ({said})")
        call.print(("num  " if numbered else "") + (_VERBOSE_HEAD if verbose else _LIST_HEAD))
        own = [words for words in map(str.split, rules) if words[:2] == ["-A", name]]
        for number, words in enumerate(own, 1):
            _row(call, words, f"{number:<5}" if numbered else "", verbose=verbose)


_VERBOSE_HEAD = " pkts bytes target     prot opt in     out     source               destination         "


def _row(call: Call, words: list[str], number: str, *, verbose: bool) -> None:
    def after(*names: str) -> str:
        return next((value for name, value in pairwise(words) if name in names), "")

    numeric = _has(call, "n", "--numeric")
    anywhere = "0.0.0.0/0" if numeric else "anywhere"
    source, target = after("-s", "--source") or anywhere, after("-d", "--destination") or anywhere
    named = after("-p", "--protocol") or "all"
    protocol = {"all": "0", "icmp": "1", "tcp": "6", "udp": "17"}.get(named, named) if numeric else named
    extra = "".join(f" {text}" for text in _matched(words, named))
    where = f"{source.removesuffix('/32'):<20} {target.removesuffix('/32'):<20}"
    if verbose:
        ways = f"{after('-i') or '*':<6} {after('-o') or '*':<6}"
        call.print(f"{number}    0     0 {after('-j'):<10} {protocol:<4} --  {ways}  {where}{extra}")
        return
    call.print(f"{number}{after('-j'):<10} {protocol:<4} --  {where}{extra}")


_STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED")


def _matched(words: list[str], protocol: str) -> list[str]:
    """Return what a rule says besides its protocol and addresses, as it is listed."""
    found = []
    for name, value in pairwise(words[:64]):
        if name in ("--dport", "--sport", "--destination-port", "--source-port"):
            side = "dpt" if name[2] == "d" else "spt"
            found.append(f"{protocol} {side}{'s' if ':' in value else ''}:{value}")
        elif name in ("--state", "--ctstate"):
            found.append(f"{name[2:]} " + ",".join(one for one in _STATES if one in value.upper().split(",")))
        elif name == "-j" and value == "REJECT" and "--reject-with" not in words:
            found.append("reject-with icmp-port-unreachable")
        elif name in _SHAPES:
            found.append(_SHAPES[name].format(value))
    return found


_SHAPES = {
    "--dports": "multiport dports {}", "--sports": "multiport sports {}", "--to-port": "redir ports {}",
    "--to-ports": "redir ports {}", "--to-destination": "to:{}", "--to-source": "to:{}", "--icmp-type": "icmptype {}",
    "--comment": "/* {} */", "--string": 'STRING match  "{}" ALGO name bm', "--reject-with": "reject-with {}",
    "--log-prefix": 'LOG flags 0 level 4 prefix "{}"',
}  # fmt: skip
"""How what an option says is listed."""


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


@command("iptables-restore", "ip6tables-restore", folder="/usr/sbin", families=("debian",))
def iptables_restore(call: Call) -> Effects:
    """Read rules as iptables-save writes them: those that there were are gone."""
    if call.shell.identity.uid != 0:
        return _error(call, "Could not fetch rule set generation id: Permission denied (you must be root)", 4)
    text = decode((yield from call.input()).whole(MAX_RESTORED))
    rules, table = call.shell.machine.condition.rules, "filter"
    found: list[str] = []
    for line in text.splitlines()[: MAX_RULES * 2]:
        yield from turn()
        table = line[1:32] if line.startswith("*") else table
        head = "" if table == "filter" else f"-t {table} "
        if line.startswith(":") and table == "filter":
            found.append("-P " + " ".join(line[1:64].split()[:2]))
        elif line.startswith("-A "):
            found.append(head + _shown(line[3:512].split()))
    if "-n" not in call.args and "--noflush" not in call.args:
        rules.clear()
    rules += found[: MAX_RULES - len(rules)]
    return 0


MAX_RESTORED = 64 << 10
"""Bytes that iptables-restore reads."""
