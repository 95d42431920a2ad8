# SPDX-License-Identifier: MIT
"""The command ip(8), which shows and changes addresses, links, routes and neighbours."""

import json
from itertools import pairwise

from decnet_decoys.personas.schema import LOOPBACK_TRAFFIC
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.downloads import is_address
from decnet_decoys.shell.commands.network.net_tools import ROUTER_MAC, is_near
from decnet_decoys.shell.programs import command

_OBJECTS = ("address", "link", "route", "neighbour", "rule", "maddress", "tunnel", "netns", "monitor", "xfrm", "tuntap")
_IP_USAGE = """\
Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |
                   link | macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
"""


@command("ip", folder="/usr/sbin")
def ip(call: Call) -> int:
    """Show addresses, links, routes, neighbours and rules."""
    words, flags = list(call.words), [arg for arg in call.args if arg.startswith("-")]
    if not words or words[0] == "help":
        return _without_object(call, flags)
    topic = next(
        (name for name in _OBJECTS if name.startswith(words[0])), "neighbour" if words[0] == "neighbor" else ""
    )
    if not topic:
        call.print_error(f'Object "{words[0][:64]}" is unknown, try "ip help".')
        return 1
    verb = words[1] if len(words) > 1 else "show"
    if verb not in ("show", "list", "ls", "s", "l", "sh", "get", "lst") and topic != "rule":
        return _changed(call, topic, verb, words[2:])
    return _of_topic(call, topic, words[1:], flags)


def _of_topic(call: Call, topic: str, words: list[str], flags: list[str]) -> int:
    """Show what there is of an object; `words` begin with what is to be done."""
    if topic in ("address", "link"):
        return _shown_interfaces(call, words[1:], flags, links_only=topic == "link")
    if topic == "route" and words[:1] == ["get"] and len(words) > 1:
        return _routes(call, words[1])
    if topic == "route":
        return _route_table(call, words[1:], six="-6" in flags)
    if topic == "maddress":
        _groups(call)
    elif topic == "neighbour" and "lo" not in words:
        machine = call.shell.machine
        call.print(f"{machine.network.router} dev {machine.persona.hardware.interface} lladdr {ROUTER_MAC} REACHABLE ")
    elif topic == "rule":
        call.print("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default")
    return 0


def _without_object(call: Call, flags: list[str]) -> int:
    """Tell the version, refuse an option, or show how it is used."""
    if flags[:1] in (["-V"], ["-Version"]):
        call.print("ip utility, iproute2-6.1.0, libbpf 1.1.0")
        return 0
    unknown = next((flag for flag in flags if flag.lstrip("-")[:1] not in tuple("46abcdhiloNnprstD0BMjT")), "")
    if unknown:
        call.print_error(f'Option "-{unknown.lstrip("-")[:64]}" is unknown, try "ip -help".')
    else:
        call.err.write(_IP_USAGE.encode())
    return 255


_VERBS = {
    "address": "add change replace delete flush save restore showdump help",
    "link": "add set delete property afstats xstats help",
    "route": "add append change replace prepend del delete test flush save restore showdump help",
    "neighbour": "add change replace delete flush get help", "rule": "add del delete flush save restore list show help",
}  # fmt: skip
"""What ip(8) does with an object; each may be abbreviated."""
_HELP_OF = {"neighbour": "neigh"}


def _changed(call: Call, topic: str, verb: str, words: list[str]) -> int:
    """Take a change silently where root may make it of an interface that there is."""
    known = (call.shell.machine.persona.hardware.interface, "lo")
    if topic in _VERBS and not any(one.startswith(verb) for one in _VERBS[topic].split()):
        call.print_error(f'Command "{verb[:64]}" is unknown, try "ip {_HELP_OF.get(topic, topic)} help".')
        return 255
    named = next((after for word, after in pairwise(words) if word == "dev"), "")
    device = named or (words[0] if topic == "link" and words and verb not in ("add", "a") else "")
    if topic in ("address", "neighbour") and not device and verb not in ("flush", "help"):
        wrong = 'Not enough information: "dev" argument is required.'
        call.print_error(wrong if topic == "address" else "Device and destination are required arguments.")
        return 1
    gateway = next((after for word, after in pairwise(words) if word == "via"), "")
    prefix = words[0] if words and topic in ("address", "route") and words[0] not in _NO_PREFIX else ""
    adds, removes = topic == "route" and verb in ("add", "a"), verb.startswith("d")
    for holds, message, status in (
        (bool(device) and device not in known, f'Cannot find device "{device[:64]}"', 1),
        (bool(prefix) and ":" not in prefix and not is_address(prefix.partition("/")[0]),
         f'Error: any valid prefix is expected rather than "{prefix[:64]}".', 1),
        (bool(gateway) and not is_near(call, gateway), "Error: Nexthop has invalid gateway.", 2),
        (call.shell.identity.uid != 0, "RTNETLINK answers: Operation not permitted", 2),
        (adds and not gateway and not device, "RTNETLINK answers: No such device", 2),
        (adds and words[:1] in (["default"], ["0.0.0.0/0"], ["0/0"]), "RTNETLINK answers: File exists", 2),
        (topic == "route" and removes and bool(prefix), "RTNETLINK answers: No such process", 2),
        (topic == "address" and removes, "RTNETLINK answers: Cannot assign requested address", 2),
    ):  # fmt: skip
        if holds:
            call.print_error(message)
            return status
    return 0


_NO_PREFIX = ("dev", "default", "cache", "table", "help", "via")


def _shown_interfaces(call: Call, words: list[str], flags: list[str], *, links_only: bool) -> int:
    """Show those interfaces that the words choose: one by its name, or by type, master or state."""
    named, kind = "", ""
    rest = iter(words[:32])
    for word in rest:
        if word in ("type", "master", "group", "vrf"):
            kind = next(rest, "") if word != "group" else ""
        elif word in ("scope", "to", "label"):
            next(rest, "")
        elif word == "dev":
            named = next(rest, "")
        elif word not in ("up", "permanent", "dynamic", "primary", "secondary"):
            named = word
    if kind:
        return 0
    if any(flag in ("-j", "-json") or (flag.startswith("-j") and len(flag) < 4) for flag in flags):
        return _as_json(call, named, links_only=links_only, pretty=bool({"-p", "-pretty"} & set(flags)))
    return _interfaces(call, named, flags, links_only=links_only)


def _as_json(call: Call, name: str, *, links_only: bool, pretty: bool) -> int:
    """Show interfaces as `ip -json` does."""
    hardware, network = call.shell.machine.persona.hardware, call.shell.machine.network
    rows = ((1, "lo", 65536, "noqueue", "UNKNOWN", "loopback", "00:00:00:00:00:00", "127.0.0.1", 8),
            (2, hardware.interface, 1500, "fq_codel", "UP", "ether", hardware.mac, str(network.interface.ip),
             network.interface.network.prefixlen))  # fmt: skip
    found: list[dict[str, object]] = []
    for number, device, mtu, queue, state, kind, address, ip_address, prefix in rows:
        if name and device != name:
            continue
        head = ["LOOPBACK"] if number == 1 else ["BROADCAST", "MULTICAST"]
        one: dict[str, object] = {"ifindex": number, "ifname": device, "flags": [*head, "UP", "LOWER_UP"], "mtu": mtu,
                                  "qdisc": queue, "operstate": state}  # fmt: skip
        one |= {"linkmode": "DEFAULT"} if links_only else {}
        one |= {"group": "default", "txqlen": 1000, "link_type": kind, "address": address,
                "broadcast": "00:00:00:00:00:00" if number == 1 else "ff:ff:ff:ff:ff:ff"}  # fmt: skip
        if not links_only:
            scope = "host" if number == 1 else "global"
            one["addr_info"] = [{"family": "inet", "local": ip_address, "prefixlen": prefix, "scope": scope,
                                 "label": device, "valid_life_time": 4294967295,
                                 "preferred_life_time": 4294967295}]  # fmt: skip
        found.append(one)
    if name and not found:
        call.print_error(f'Device "{name[:64]}" does not exist.')
        return 1
    call.print(json.dumps(found, indent=8 if pretty else None, separators=None if pretty else (",", ":")))
    return 0


def _groups(call: Call) -> None:
    """Show the multicast groups of each interface."""
    own = call.shell.machine.persona.hardware.interface
    call.print("1:\tlo\n\tinet  224.0.0.1\n\tinet6 ff02::1\n\tinet6 ff01::1")
    call.print(f"2:\t{own}\n\tlink  33:33:00:00:00:01\n\tlink  01:00:5e:00:00:01\n\tinet  224.0.0.1\n"
               "\tinet6 ff02::1\n\tinet6 ff01::1")  # fmt: skip


def _route_table(call: Call, words: list[str], *, six: bool) -> int:
    """Show the routes of a table, or those by an interface or of the default."""
    interface, network = call.shell.machine.persona.hardware.interface, call.shell.machine.network
    table = next((after for word, after in pairwise(words) if word == "table"), "main")
    device = next((after for word, after in pairwise(words) if word == "dev"), "")
    if device and device not in (interface, "lo"):
        call.print_error(f'Cannot find device "{device[:64]}"')
        return 1
    source, broadcast = network.interface.ip, network.broadcast
    if six:
        rows = [("::1", "lo", "proto kernel metric 256 pref medium"),
                ("fe80::/64", interface, "proto kernel metric 256 pref medium")]  # fmt: skip
    elif table in ("local", "255"):
        rows = [("local 127.0.0.0/8", "lo", "proto kernel scope host src 127.0.0.1 "),
                ("local 127.0.0.1", "lo", "proto kernel scope host src 127.0.0.1 "),
                ("broadcast 127.255.255.255", "lo", "proto kernel scope link src 127.0.0.1 "),
                (f"local {source}", interface, f"proto kernel scope host src {source} "),
                (f"broadcast {broadcast}", interface, f"proto kernel scope link src {source} ")]  # fmt: skip
    else:
        rows = [(f"default via {network.router}", interface, "onlink "),
                (str(network.prefix), interface, f"proto kernel scope link src {source} ")]  # fmt: skip
    for head, by, tail in rows:
        if (not device or by == device) and ("default" not in words or head.startswith("default")):
            call.print(f"{head} {tail}" if device else f"{head} dev {by} {tail}")
    return 0


def _interfaces(call: Call, name: str, flags: list[str], *, links_only: bool) -> int:
    hardware, network = call.shell.machine.persona.hardware, call.shell.machine.network
    own = network.interface
    six = own.version == 6
    global_four = "" if six else f"{own} brd {network.broadcast} scope global {hardware.interface}"
    rows = (
        ("1", "lo", "<LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN", "loopback 00:00:00:00:00:00",
         "00:00:00:00:00:00", ("127.0.0.1/8 scope host lo", "::1/128 scope host noprefixroute ")),
        ("2", hardware.interface, "<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP",
         f"ether {hardware.mac}", "ff:ff:ff:ff:ff:ff", (global_four, f"{own} scope global " if six else "")),
    )  # fmt: skip
    if name and name not in [row[1] for row in rows]:
        call.print_error(f'Device "{name[:64]}" does not exist.')
        return 1
    for number, device, state, link, broadcast, addresses in rows:
        if not name or device == name:
            shown = [
                (kind, text)
                for kind, text, other in (("inet", addresses[0], "-6"), ("inet6", addresses[1], "-4"))
                if text and other not in flags and not links_only
            ]
            if any(flag.startswith("-br") for flag in flags):
                plain = f"{link.split(' ')[1]} {state.split(' ')[0]}" if links_only else _first_words(shown)
                call.print(f"{device:<16} {state.rpartition(' ')[2]:<14} {plain} ")
            else:
                head = f"{number}: {device}: {state}{' mode DEFAULT' if links_only else ''} group default qlen 1000"
                link_line = "" if {"-4", "-6"} & set(flags) else f"link/{link} brd {broadcast}"
                _interface(call, head, link_line, shown, one_line="-o" in flags)
                if {"-s", "-stats", "-statistics"} & set(flags) and "-o" not in flags:
                    shape = _COUNTED_TWICE if flags.count("-s") > 1 else _COUNTED
                    call.print(shape.format(LOOPBACK_TRAFFIC if device == "lo" else hardware.traffic), end="")
    return 0


_COUNTED = """\
    RX:  bytes packets errors dropped  missed   mcast           
    {0.received_bytes:>10} {0.received_packets:>7}      0       0       0       0 
    TX:  bytes packets errors dropped carrier collsns           
    {0.sent_bytes:>10} {0.sent_packets:>7}      0       0       0       0 
"""  # noqa: W291  # as ip(8) writes it
_IN, _OUT = _COUNTED.split("    TX:")
_COUNTED_TWICE = (
    f"{_IN}    RX errors:  length    crc   frame    fifo overrun\n{0:>21} {0:>7} {0:>7} {0:>7} {0:>7} \n"
    f"    TX:{_OUT}    TX errors: aborted   fifo  window heartbt transns\n{0:>21} {0:>7} {0:>7} {0:>7} {1:>7} \n"
)


def _first_words(shown: list[tuple[str, str]]) -> str:
    return " ".join(text.split(" ")[0] for _, text in shown)


def _interface(call: Call, head: str, link: str, shown: list[tuple[str, str]], *, one_line: bool) -> None:
    """Write an interface with its addresses; with -o a line for each, or one for the interface."""
    lifetime = "valid_lft forever preferred_lft forever"
    if one_line and shown:
        number, device, _ = head.split(": ", 2)
        for kind, text in shown:
            call.print(f"{number}: {device}    {kind} {text}\\       {lifetime}")
        return
    call.print((("\\    " if one_line else "\n    ").join([head, link])) if link else head)
    for kind, text in shown:
        call.print(f"    {kind} {text}\n       {lifetime}")


def _routes(call: Call, target: str) -> int:
    if not is_address(target.partition("/")[0]):
        call.print_error(f'Error: any valid prefix is expected rather than "{target[:64]}".')
        return 1
    interface, network = call.shell.machine.persona.hardware.interface, call.shell.machine.network
    source = network.interface.ip
    if target.startswith("127.") or target == str(source):
        call.print(f"local {target} dev lo src {target} uid {call.shell.identity.uid} \n    cache <local> ")
    else:
        via = f"via {network.router} dev {interface} src {source} uid {call.shell.identity.uid}"
        call.print(f"{target[:64]} {via} \n    cache ")
    return 0
