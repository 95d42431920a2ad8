# SPDX-License-Identifier: MIT
"""What ip, ifconfig, route, ss, netstat and iptables show of the network, and what they refuse."""

from __future__ import annotations

import json

import pytest
from tests.decnet_decoys.decky_host import Player


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ip route show default; ip route show table local | head -n 1; ip link show type dummy",
         "default via 10.20.0.1 dev ens3 onlink \nlocal 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 \n"),
        ("ip -s -s link show lo | wc -l; ip maddr | head -n 1; ip addr show dev lo | grep -c 'inet '",
         "10\n1:\tlo\n1\n"),
        ("ifconfig -s | cut -c1-15; ifconfig lo | wc -l", "Iface      MTU \nens3           \nlo             \n9\n"),
        ("ss -tln 'sport = :22' | wc -l; ss -H -tn state established dport = :40000 | wc -l; ss dst 1.2.3.4 | wc -l",
         "2\n1\n1\n"),
        ("ss -tn state established '( dport = :3333 or sport = :3333 )'",
         "Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"),
        ("netstat -an | grep -c '^unix'; netstat -ant | grep -c '^unix'; netstat -lx | sed -n 1p; "
         "netstat -s | head -n 1",
         "11\n0\nActive UNIX domain sockets (only servers)\nIp:\n"),
        ("netstat -et | sed -n 2p; netstat -g | head -n 1",
         "Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode     \n"
         "IPv6/IPv4 Group Memberships\n"),
        ("iptables -A INPUT -p tcp --dport 3333 -j DROP; iptables -nvL INPUT --line-numbers; iptables -D INPUT 1",
         "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n"
         "num   pkts bytes target     prot opt in     out     source               destination         \n"
         "1        0     0 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            "
         "tcp dpt:3333\n"),
        ("iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT; iptables -nL INPUT | tail -n 1",
         "ACCEPT     0    --  0.0.0.0/0            0.0.0.0/0            state RELATED,ESTABLISHED\n"),
        ("iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080; iptables -t nat -S PREROUTING; "
         "iptables -S | wc -l; iptables -t nat -F; iptables -t nat -S PREROUTING",
         "-P PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\n3\n"
         "-P PREROUTING ACCEPT\n"),
    ],
)  # fmt: skip
def test_the_network_is_shown(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


def test_interfaces_are_shown_as_json(run: Player) -> None:
    (lo,) = json.loads(run("ip -j addr show lo").text)
    assert (lo["ifname"], lo["addr_info"][0]["local"]) == ("lo", "127.0.0.1")
    assert len(json.loads(run("ip -j -p link").text)) == 2


TRY = "Try `iptables -h' or 'iptables --help' for more information.\n"


@pytest.mark.parametrize(
    ("line", "complaint", "status"),
    [
        ("ip addr add 1.2.3.4", 'Not enough information: "dev" argument is required.\n', 1),
        ("ip link set nosuch up", 'Cannot find device "nosuch"\n', 1),
        ("ip addr add x dev lo", 'Error: any valid prefix is expected rather than "x".\n', 1),
        ("ip route add default via 10.20.0.9", "RTNETLINK answers: File exists\n", 2),
        ("ifconfig nosuch up", "nosuch: ERROR while getting interface flags: No such device\n", 255),
        ("ifconfig -z", "ifconfig: option `-z' not recognised.\nifconfig: `--help' gives usage information.\n", 1),
        ("route add default gw x", "x: Unknown host\n", 6),
        ("route del -net 1.2.3.0/24", "SIOCDELRT: No such process\n", 7),
        ("arp -d 1.2.3.4", "No ARP entry for 1.2.3.4\n", 255),
        ("ss state nosuch", "ss: wrong state name: nosuch\n", 255),
        ("iptables -t nosuch -L", "iptables v1.8.9 (nf_tables): table 'nosuch' does not exist\n"
         "Perhaps iptables or your kernel needs to be upgraded.\n", 3),
        ("iptables -j", f'iptables v1.8.9 (nf_tables): option "-j" requires an argument\n{TRY}', 2),
        ("iptables -A INPUT -p tcp --dport nosuch -j DROP",
         f"iptables v1.8.9 (nf_tables): invalid port/service `nosuch' specified\n{TRY}", 2),
        ("iptables -C INPUT -j DROP", "iptables: Bad rule (does a matching rule exist in that chain?).\n", 1),
    ],
)  # fmt: skip
def test_what_the_kernel_refuses_is_told(run: Player, line: str, complaint: str, status: int) -> None:
    done = run(line)
    assert (done.errors, done.status) == (complaint, status)
