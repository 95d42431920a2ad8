# SPDX-License-Identifier: MIT
"""Commands that show the machine's network: ifconfig, ip, route, netstat, ss, iptables."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.programs import command

_ANY = "0.0.0.0"  # noqa: S104  # a text to show; nothing is bound


@command("ifconfig", folder="/usr/sbin")
def ifconfig(call: Call) -> int:
    hardware, network = call.shell.machine.persona.hardware, call.shell.machine.network
    call.print(f"{hardware.interface}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500")
    own = network.interface
    if own.version == 6:
        call.print(f"        inet6 {own.ip}  prefixlen {own.network.prefixlen}  scopeid 0x0<global>")
    else:
        call.print(f"        inet {own.ip}  netmask {network.netmask}  broadcast {network.broadcast}")
    call.print(f"        ether {hardware.mac}  txqueuelen 1000  (Ethernet)")
    traffic = hardware.traffic
    call.print(f"        RX packets {traffic.received_packets}  bytes {_sized(traffic.received_bytes)}")
    call.print(f"        TX packets {traffic.sent_packets}  bytes {_sized(traffic.sent_bytes)}\n")
    call.print("lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0")
    call.print("        loop  txqueuelen 1000  (Local Loopback)")
    return 0


def _sized(count: int) -> str:
    """Return bytes as ifconfig shows them: the number, and rounded in the unit that fits."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << power:
            return f"{count} ({count / (1 << power):.1f} {unit})"
    return f"{count} ({count:.1f} B)"


@command("ip", folder="/usr/sbin")
def ip(call: Call) -> int:
    """Show addresses, links, routes and neighbours."""
    words = call.words
    topic = words[0] if words else ""
    if "address".startswith(topic) and topic:
        _addresses(call)
    elif "link".startswith(topic) and topic:
        _addresses(call, links_only=True)
    elif topic in ("r", "ro", "route"):
        _routes(call)
    elif "neighbour".startswith(topic) and topic:
        machine = call.shell.machine
        interface = machine.persona.hardware.interface
        call.print(f"{machine.network.router} dev {interface} lladdr 52:54:00:12:35:02 REACHABLE")
    else:
        call.print_error("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }")
        return 255
    return 0


def _addresses(call: Call, *, links_only: bool = False) -> None:
    hardware, network = call.shell.machine.persona.hardware, call.shell.machine.network
    call.print("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000")
    call.print("    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")
    if not links_only:
        call.print("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever")
    call.print(
        f"2: {hardware.interface}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel "
        "state UP group default qlen 1000"
    )
    call.print(f"    link/ether {hardware.mac} brd ff:ff:ff:ff:ff:ff")
    if not links_only:
        if network.interface.version == 6:
            call.print(f"    inet6 {network.interface} scope global ")
        else:
            call.print(f"    inet {network.interface} brd {network.broadcast} scope global {hardware.interface}")
        call.print("       valid_lft forever preferred_lft forever")


def _routes(call: Call) -> None:
    interface, network = call.shell.machine.persona.hardware.interface, call.shell.machine.network
    call.print(f"default via {network.router} dev {interface} onlink")
    call.print(f"{network.prefix} dev {interface} proto kernel scope link src {network.interface.ip}")


@command("route", "arp", folder="/usr/sbin")
def route(call: Call) -> int:
    network, interface = call.shell.machine.network, call.shell.machine.persona.hardware.interface
    if call.name == "arp":
        call.print("Address                  HWtype  HWaddress           Flags Mask            Iface")
        call.print(f"{network.router:<24} ether   52:54:00:12:35:02   C                     {interface}")
        return 0
    call.print("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface")
    call.print(f"{_ANY:<15} {network.router:<15} {_ANY:<15} UG    0      0        0 {interface}")
    call.print(f"{network.network:<15} {_ANY:<15} {network.netmask:<15} U     0      0        0 {interface}")
    return 0


@command("netstat", "ss")
def netstat(call: Call) -> int:
    """Show sockets: what the persona listens on, and the attacker's own connection."""
    shell = call.shell
    options, _ = call.flags("Ap")
    listening = "l" in options or "a" in options
    with_process = "p" in options
    if call.name == "ss":
        call.print(
            f"{'Netid':<6}{'State':<8}{'Recv-Q':<8}{'Send-Q':<8}{'Local Address:Port':>20} {'Peer Address:Port':>22}"
        )
    else:
        call.print("Active Internet connections (servers and established)")
        tail = "       PID/Program name" if with_process else ""
        call.print(f"Proto Recv-Q Send-Q Local Address           Foreign Address         State{tail}")
    sockets = _listening(call) if listening or not options else []
    if "l" not in options:
        origin = shell.origin
        here, there = f"{shell.machine.address}:{origin.server_port}", f"{origin.address}:{origin.port}"
        sockets.append(("tcp", "ESTAB", here, there, f"{shell.pid}/{origin.daemon}"))
    for protocol, state, here, there, owner in sockets:
        process = owner if with_process else ""
        if call.name == "ss":
            call.print(f"{protocol:<6}{state:<8}{0:<8}{128:<8}{here:>20} {there:>22} {process}".rstrip())
        else:
            shown = {"ESTAB": "ESTABLISHED", "UNCONN": ""}.get(state, state)
            call.print(f"{protocol:<5} {0:>6} {0:>6} {here:<23} {there:<23} {shown:<11} {process}".rstrip())
    return 0


def _listening(call: Call) -> list[tuple[str, str, str, str, str]]:
    """Return protocol, state, both addresses and process of what the persona listens on."""
    root, listeners = call.shell.identity.uid == 0, call.shell.machine.persona.listeners
    return [
        (
            one.protocol,
            "LISTEN" if one.protocol == "tcp" else "UNCONN",
            f"{one.address}:{one.port}",
            f"{_ANY}:*",
            f"{one.pid}/{one.process}" if root else "-",
        )
        for one in listeners
    ]


@command("iptables", "ip6tables", "ufw", "nft", "firewall-cmd", folder="/usr/sbin")
def firewall(call: Call) -> int:
    """Show an open firewall; changes are taken silently."""
    if call.shell.identity.uid != 0:
        return call.fail("Permission denied (you must be root)", 4)
    options, _ = call.flags()
    if call.name == "ufw":
        call.print("Status: inactive")
    elif not call.args or {"L", "S", "list-rules"} & options.keys():
        for chain in ("INPUT", "FORWARD", "OUTPUT"):
            call.print(f"Chain {chain} (policy ACCEPT)\ntarget     prot opt source               destination\n")
    return 0
