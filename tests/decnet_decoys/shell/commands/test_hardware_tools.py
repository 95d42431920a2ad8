# SPDX-License-Identifier: MIT
"""What lscpu, free, vmstat, lspci, dmidecode and hostname tell of the machine, in the forms that they are asked for."""

from __future__ import annotations

import json

import pytest
from tests.decnet_decoys.decky_host import Player


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("lscpu -p | grep -v '^#'; lscpu -e | head -n 1", "0,0,0,0,,0,0,0,0\n1,1,0,0,,1,1,1,0\n"
         "CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE\n"),
        ("lscpu -p=CPU,core,Cache | tail -n 3; lscpu -p=foo; echo $?",
         "# CPU,Core,,L1d,L1i,L2,L3\n0,0,,0,0,0,0\n1,1,,1,1,1,0\n1\n"),
        ("lscpu | grep -cE '^(Flags|L3 cache|Vulnerability Mds):'", "3\n"),
        ("free -w | head -n 1; free | awk '/Mem/{print $6}'; free -w | awk '/Mem/{print $6+$7}'; free -v | tail -n 1 | "
         "cut -c1-5", "               total        used        free      shared     buffers       cache   available\n"
         "1698441\n1698441\nComm:\n"),
        ("vmstat 1 2 | wc -l; vmstat -s | sed -n 1p; vmstat -a | sed -n 2p | awk '{print $5, $6}'",
         "4\n      4018168 K total memory\ninact active\n"),
        ("lspci -n | head -n 1; lspci -d 10de:; lspci | grep -ci nvidia", "00:00.0 0600: 8086:29c0\n0\n"),
        ("dmidecode -s system-product-name; dmidecode -qt 1 | sed -n 2p",
         "Standard PC (Q35 + ICH9, 2009)\n\tManufacturer: QEMU\n"),
        ("hostname -i; hostname -s; hostname -d; systemd-detect-virt; systemd-detect-virt -c; echo $?; "
         "systemd-detect-virt -q; echo $?", "10.20.0.10\nweb-01\ninternal\nkvm\nnone\n1\n0\n"),
    ],
)  # fmt: skip
def test_the_machine_is_described(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


def test_processors_are_shown_as_json(run: Player) -> None:
    assert json.loads(run("lscpu -J").text)["lscpu"][0] == {"field": "Architecture:", "data": "x86_64"}


@pytest.mark.parametrize(
    ("line", "complaint", "status"),
    [
        ("hostname -F /nosuch", "hostname: No such file or directory\n", 1),
        ("hostname -y", "hostname: Local domain name not set\n", 1),
        ("dmidecode -s nosuch 2>&1 >/dev/null | head -n 1 >&2", "Invalid string keyword: nosuch\n", 0),
        ("vmstat x", "vmstat: failed to parse argument: 'x'\n", 1),
        ("renice 5 99999", "renice: failed to get priority for 99999 (process ID): No such process\n", 1),
        ("nsenter -t 99999 -m id", "nsenter: cannot open /proc/99999/ns/mnt: No such file or directory\n", 1),
        ("rmmod", "rmmod: ERROR: missing module name.\n", 1),
    ],
)
def test_what_is_asked_wrongly_is_refused(run: Player, line: str, complaint: str, status: int) -> None:
    done = run(line)
    assert (done.errors, done.status) == (complaint, status)


@pytest.mark.parametrize("name", ["strace", "gdb", "socat", "ncat", "htop", "lshw", "update-grub", "chkconfig"])
def test_what_no_plain_debian_has_is_not_there(run: Player, name: str) -> None:
    assert run(f"{name} x").errors == f"-bash: {name}: command not found\n"
