# SPDX-License-Identifier: MIT
"""Commands of net-tools that show and change interfaces and routes: ifconfig(8), route(8), arp(8)."""

import ipaddress
from itertools import pairwise

from decnet_decoys.personas.schema import LOOPBACK_TRAFFIC
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.network.downloads import is_address
from decnet_decoys.shell.programs import command

ANY = "0.0.0.0"  # noqa: S104  # a text to show; nothing is bound
ROUTER_MAC = "52:54:00:12:35:02"


@command("ifconfig", folder="/usr/sbin")
def ifconfig(call: Call) -> int:
    """Show the interfaces, or let root change one that there is."""
    own = call.shell.machine.persona.hardware.interface
    names = call.words
    unknown = next((arg for arg in call.args if arg.startswith("-") and not names and arg not in _IFCONFIG), "")
    if unknown and call.shell.machine.persona.family == "debian":
        call.print_error(
            f"ifconfig: option `{unknown[:64]}' not recognised.\nifconfig: `--help' gives usage information."
        )
        return 1
    if "-s" in call.args and not names:
        interface_table(call, title="Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg")
        return 0
    if len(names) > 1:
        if names[0].partition(":")[0] not in (own, "lo"):
            call.print_error(f"{names[0][:64]}: ERROR while getting interface flags: No such device")
            return 255
        return 0 if call.shell.identity.uid == 0 else _refused(call)
    if names and names[0] not in (own, "lo"):
        return _no_device(call, names[0])
    for name, show in ((own, _own_interface), ("lo", _loopback)):
        if not names or names[0] == name:
            call.print(show(call))
    return 0


_IFCONFIG = ("-a", "-s", "-v", "-V", "--help", "--version", "-all")


def interface_table(call: Call, title: str) -> None:
    """Show packets received and sent by each interface, as `netstat -i` and `ifconfig -s` do."""
    hardware = call.shell.machine.persona.hardware
    traffic = hardware.traffic
    call.print(title)
    for name, mtu, received, sent, flags in (
        (hardware.interface, 1500, traffic.received_packets, traffic.sent_packets, "BMRU"),
        ("lo", 65536, LOOPBACK_TRAFFIC.received_packets, LOOPBACK_TRAFFIC.sent_packets, "LRU"),
    ):
        call.print(f"{name:<16} {mtu:>5} {received:>8}      0      0 0      {sent:>8}      0      0      0 {flags}")


def _no_device(call: Call, name: str) -> int:
    call.print_error(f"{name[:64]}: error fetching interface information: Device not found")
    return 1


def _refused(call: Call) -> int:
    call.print_error("SIOCSIFFLAGS: Operation not permitted")
    return 255


def _own_interface(call: Call) -> str:
    hardware, network = call.shell.machine.persona.hardware, call.shell.machine.network
    own, traffic = network.interface, hardware.traffic
    if own.version == 6:
        address = f"inet6 {own.ip}  prefixlen {own.network.prefixlen}  scopeid 0x0<global>"
    else:
        address = f"inet {own.ip}  netmask {network.netmask}  broadcast {network.broadcast}"
    return (
        f"{hardware.interface}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        {address}\n"
        f"        ether {hardware.mac}  txqueuelen 1000  (Ethernet)\n"
        f"        RX packets {traffic.received_packets}  bytes {_sized(traffic.received_bytes)}\n"
        "        RX errors 0  dropped 12  overruns 0  frame 0\n"
        f"        TX packets {traffic.sent_packets}  bytes {_sized(traffic.sent_bytes)}\n"
        "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n"
    )


def _loopback(_call: Call) -> str:
    traffic = LOOPBACK_TRAFFIC
    return (
        "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n"
        "        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n"
        f"        RX packets {traffic.received_packets}  bytes {_sized(traffic.received_bytes)}\n"
        "        RX errors 0  dropped 0  overruns 0  frame 0\n"
        f"        TX packets {traffic.sent_packets}  bytes {_sized(traffic.sent_bytes)}\n"
        "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n"
    )


def _sized(count: int) -> str:
    """Return bytes as ifconfig shows them: the number, and rounded in the unit that fits."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << power:
            return f"{count} ({count / (1 << power):.1f} {unit})"
    return f"{count} ({count:.1f} B)"


def is_near(call: Call, gateway: str) -> bool:
    """Return whether an address is in a network that the machine is in."""
    if not is_address(gateway):
        return False
    return ":" in gateway or ipaddress.ip_address(gateway) in call.shell.machine.network.interface.network


def routes(call: Call, *, sizes: bool) -> None:
    """Show the routing table, as route or as `netstat -r` does."""
    network, interface = call.shell.machine.network, call.shell.machine.persona.hardware.interface
    tail = "  MSS Window  irtt Iface" if sizes else "Metric Ref    Use Iface"
    call.print(f"Kernel IP routing table\nDestination     Gateway         Genmask         Flags {tail}")
    rest = "    0 0          0" if sizes else "0      0        0"
    for target, gateway, mask, flags in (
        (ANY, network.router, ANY, "UG"),
        (network.network, ANY, network.netmask, "U"),
    ):
        call.print(f"{target:<15} {gateway:<15} {mask:<15} {flags:<5} {rest} {interface}")


_ROUTE_USAGE = """\
Usage: inet_route [-vF] del {-host|-net} Target[/prefix] [gw Gw] [metric M] [[dev] If]
       inet_route [-vF] add {-host|-net} Target[/prefix] [gw Gw] [metric M]
                              [netmask N] [mss Mss] [window W] [irtt I]
                              [mod] [dyn] [reinstate] [[dev] If]
       inet_route [-vF] add {-host|-net} Target[/prefix] [metric M] reject
       inet_route [-FC] flush      NOT supported
"""


@command("route", folder="/usr/sbin")
def route(call: Call) -> int:
    if call.words:
        if len(call.words) == 1 and call.words[0] in ("add", "del"):
            call.print(_ROUTE_USAGE, end="")
            return 0
        return _route_changed(call, call.words[0], call.words[1:])
    routes(call, sizes=False)
    return 0


def _route_changed(call: Call, verb: str, words: list[str]) -> int:
    """Take a route from root; refuse what is there, or is not, as the kernel does."""
    family = "SIOCDELRT" if verb == "del" else "SIOCADDRT"
    gateway = next((after for word, after in pairwise(words) if word in ("gw", "via")), "")
    if gateway and not is_address(gateway):
        call.print_error(f"{gateway[:253]}: Unknown host")
        return 6
    if call.shell.identity.uid != 0:
        call.print_error(f"{family}: Operation not permitted")
        return 7
    default = bool({"default", ANY} & set(words))
    if verb == "del" and not default:
        call.print_error("SIOCDELRT: No such process")
        return 7
    if verb == "add" and gateway and not is_near(call, gateway):
        call.print_error("SIOCADDRT: Network is unreachable")
        return 7
    if verb == "add" and default:
        call.print_error("SIOCADDRT: File exists")
        return 7
    return 0


@command("arp", folder="/usr/sbin")
def arp(call: Call) -> int:
    network, interface = call.shell.machine.network, call.shell.machine.persona.hardware.interface
    wanted = next(iter(call.words), str(network.router))
    if "-d" in call.args and is_address(wanted):
        if wanted != str(network.router):
            call.print_error(f"No ARP entry for {wanted}")
            return 255
        return 0
    if not is_address(wanted):
        call.print_error(f"{wanted[:253]}: Host name lookup failure")
        return 255
    if wanted != str(network.router):
        call.print(f"{wanted} ({wanted}) -- no entry")
        return 1
    if any(arg.startswith("-") and "a" in arg for arg in call.args):
        call.print(f"? ({network.router}) at {ROUTER_MAC} [ether] on {interface}")
        return 0
    call.print("Address                  HWtype  HWaddress           Flags Mask            Iface")
    call.print(f"{network.router:<24} ether   {ROUTER_MAC}   C                     {interface}")
    return 0
