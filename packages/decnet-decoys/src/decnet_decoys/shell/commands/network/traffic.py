# SPDX-License-Identifier: MIT
"""tc, bridge, nstat and devlink: how interfaces queue, are joined and counted (tc(8), bridge(8), nstat(8))."""

from itertools import pairwise

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.programs import command

_TC_USAGE = """\
Usage:\ttc [ OPTIONS ] OBJECT { COMMAND | help }
\ttc [-force] -batch filename
where  OBJECT := { qdisc | class | filter | chain |
\t\t    action | monitor | exec }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[aw] |
\t\t    -o[neline] | -j[son] | -p[retty] | -c[olor]
\t\t    -b[atch] [filename] | -n[etns] name | -N[umeric] |
\t\t     -nm | -nam[es] | { -cf | -conf } path
\t\t     -br[ief] }
"""


@command("tc", folder="/usr/sbin", families=("debian",))
def tc(call: Call) -> int:
    """Show the queueing disciplines; root's changes are taken for interfaces that there are."""
    own = call.shell.machine.persona.hardware.interface
    topic, *words = call.words or [""]
    if not topic or topic == "help":
        told = "tc utility, iproute2-6.1.0, libbpf 1.1.0\n" if call.args[:1] == ["-V"] else _TC_USAGE
        call.print(told, end="")
        return 0
    if not any(name.startswith(topic) for name in ("qdisc", "class", "filter", "chain", "action", "monitor", "exec")):
        call.print_error(f'Object "{topic[:64]}" is unknown, try "tc help".')
        return 1
    device = next((after for word, after in pairwise(words) if word == "dev"), "")
    if device and device not in (own, "lo"):
        call.print_error(f'Cannot find device "{device[:64]}"')
        return 1
    changes = bool(words) and words[0] not in ("show", "list", "ls", "dev")
    if changes and call.shell.identity.uid != 0:
        call.print_error("RTNETLINK answers: Operation not permitted")
        return 2
    for name, queue in (
        (("lo", "noqueue 0:"), (own, "fq_codel 0:")) if "qdisc".startswith(topic) and not changes else ()
    ):
        if not device or device == name:
            rest = "" if name == "lo" else "limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms ecn "
            call.print(f"qdisc {queue} {'' if device else f'dev {name} '}root refcnt 2 {rest}")
            if any(arg.startswith("-s") for arg in call.args):
                call.print(" Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0")
    return 0


@command("bridge", folder="/usr/sbin", families=("debian",))
def bridge(call: Call) -> int:
    """Show no bridge, for there is none."""
    topic = next(iter(call.words), "")
    if topic and not any(name.startswith(topic) for name in ("link", "fdb", "mdb", "vlan", "vni", "monitor", "help")):
        call.print_error(f'Object "{topic[:64]}" is unknown, try "bridge help".')
        return 255
    return 0


@command("nstat", "rtacct", "lnstat", folder="/usr/sbin", families=("debian",))
def nstat(call: Call) -> int:
    """Show the kernel's counters of packets."""
    traffic = call.shell.machine.persona.hardware.traffic
    call.print("#kernel")
    for name, count in (("IpInReceives", traffic.received_packets), ("IpInDelivers", traffic.received_packets),
                        ("IpOutRequests", traffic.sent_packets), ("TcpPassiveOpens", traffic.received_packets // 190),
                        ("TcpInSegs", traffic.received_packets * 96 // 100), ("TcpOutSegs", traffic.sent_packets),
                        ("IpExtInOctets", traffic.received_bytes), ("IpExtOutOctets", traffic.sent_bytes)):  # fmt: skip
        call.print(f"{name:<32}{count:<16} 0.0")
    return 0


@command("depmod", folder="/usr/sbin", families=("debian",))
def depmod(call: Call) -> int:
    """List the dependencies of modules anew, which are the same."""
    return (
        0 if call.shell.identity.uid == 0 else call.fail("ERROR: openat(/lib/modules, modules.dep): Permission denied")
    )
