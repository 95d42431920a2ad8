# SPDX-License-Identifier: MIT
"""Tools that an administrator, and an intruder, finds on any Debian beside the well-known ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import Player

MakePlayer = Callable[..., Player]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("apt-mark hold bash; apt-mark hold bash; apt-mark showhold; dpkg --get-selections bash; apt-mark unhold bash; "
         "apt-mark showhold", "bash set on hold.\nbash was already set on hold.\nbash\nbash\t\t\t\t\t\thold\n"
         "Canceled hold on bash.\n"),
        ("dpkg --compare-versions 1.0 lt 2.0; echo $?; dpkg --compare-versions 1:1.0 lt 2.0; echo $?; "
         "dpkg --compare-versions 2.0~rc1 lt 2.0; echo $?", "0\n1\n0\n"),
        ("dpkg --print-architecture; dpkg -V bash; dpkg --configure -a; update-alternatives --list vi",
         "amd64\n/usr/bin/vim.tiny\n"),
        ("prlimit -n --noheadings -o RESOURCE,SOFT; prlimit --nofile=9 id -u; lsns -nt uts -o NS,NPROCS | wc -l",
         "NOFILE 1024\n0\n1\n"),
        ("lsns | head -n 1; lsns -t net | head -n 1", "        NS TYPE   NPROCS PID USER COMMAND\n"
         "        NS TYPE NPROCS PID USER    NETNSID NSFS COMMAND\n"),
        ("iptables -A INPUT -s 1.2.3.4 -j DROP; iptables-save > /tmp/r; iptables -F; iptables-restore < /tmp/r; "
         "iptables -S INPUT", "-P INPUT ACCEPT\n-A INPUT -s 1.2.3.4/32 -j DROP\n"),
        ("tc qdisc show dev lo; nstat | head -n 1", "qdisc noqueue 0: root refcnt 2 \n#kernel\n"),
        ("systemd-analyze | wc -l; systemd-run echo hi; localectl status | head -n 1; systemd-cgls | head -n 1",
         "2\nhi\nSystem Locale: LANG=en_US.UTF-8\nControl group /:\n"),
        ("pwck -r | tail -n 1; pwconv; sg sudo -c 'echo a b'", "pwck: no changes\na b\n"),
        ("strip -V | head -n 1; as --version | head -n 1; ld -v; cp /bin/true /tmp/t; strip /tmp/t; echo $?",
         "GNU strip (GNU Binutils for Debian) 2.40\nGNU assembler (GNU Binutils for Debian) 2.40\n"
         "GNU ld (GNU Binutils for Debian) 2.40\n0\n"),
        ("file -b --mime-type /bin/ls; file -i /etc/passwd; file -bi /etc; echo '#!/bin/sh' > /tmp/s; "
         "file -b --mime-type /tmp/s",
         "application/x-pie-executable\n/etc/passwd: text/plain; charset=us-ascii\ninode/directory; charset=binary\n"
         "text/x-shellscript\n"),
        ("echo '@reboot x' | crontab -; stat -c '%a %U:%G' /var/spool/cron/crontabs/root", "600 root:crontab\n"),
        ("journalctl -n 1 | cut -d' ' -f4-; journalctl --disk-usage; journalctl -u nosuch; journalctl -n 0",
         "web-01 systemd-logind[498]: New session 4 of user root.\n"
         "Archived and active journals take up 48.0M in the file system.\n-- No entries --\n"),
        ("mount -t tmpfs -o size=64M tmpfs /mnt; df -h /mnt | tail -n 1; umount /mnt",
         "tmpfs            64M     0   64M   0% /mnt\n"),
    ],
)  # fmt: skip
def test_a_tool_of_root_prints(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


@pytest.mark.parametrize(
    ("line", "complaint", "status"),
    [
        ("apt-mark hold nosuch", "E: Unable to locate package nosuch\nE: No packages found\n", 100),
        ("apt-mark nosuch", "E: Invalid operation nosuch\n", 100),
        ("dpkg -r nosuch", "dpkg: warning: ignoring request to remove nosuch which isn't installed\n", 0),
        ("dpkg -c /nosuch", "dpkg-deb: error: failed to read archive '/nosuch': No such file or directory\n", 2),
        ("dpkg -S nosuch", "dpkg-query: no path found matching pattern *nosuch*\n", 1),
        ("dpkg-reconfigure nosuch", "/usr/sbin/dpkg-reconfigure: nosuch is not installed\n", 1),
        ("mkswap /nosuch", "mkswap: cannot open /nosuch: No such file or directory\n", 1),
        ("strip /etc/passwd", "strip: /etc/passwd: file format not recognized\n", 1),
        ("ar t /nosuch", "ar: /nosuch: No such file or directory\n", 1),
        ("lsns -t nosuch", "lsns: unknown namespace type: nosuch\n", 1),
        ("sg nosuch -c id", "sg: group 'nosuch' does not exist\n", 1),
        ("ssh-add -l", "Could not open a connection to your authentication agent.\n", 2),
        ("ssh-agent -k", "SSH_AGENT_PID not set, cannot kill agent\n", 1),
        ("tc qdisc show dev nosuch", 'Cannot find device "nosuch"\n', 1),
        ("systemd-analyze nosuch", "Unknown command verb nosuch.\n", 1),
        ("scp -P 9 /etc/hostname root@127.0.0.1:/tmp",
         "ssh: connect to host 127.0.0.1 port 9: Connection refused\r\nscp: Connection closed\r\n", 255),
    ],
)  # fmt: skip
def test_a_tool_refuses_in_its_words(run: Player, line: str, complaint: str, status: int) -> None:
    done = run(line)
    assert (done.errors, done.status) == (complaint, status)


def test_rules_that_are_read_are_bounded(run: Player) -> None:
    done = run(
        "(echo '*filter'; seq 500 | sed 's/.*/-A INPUT -s 1.2.3.& -j DROP/') | iptables-restore; iptables -S | wc -l"
    )
    assert done.text == "103\n"


def test_what_is_held_is_held_for_others_too(player: MakePlayer) -> None:
    run = player("debian-web")
    run("apt-mark hold tar")
    assert run.shell.machine.condition.held == ["tar"]
