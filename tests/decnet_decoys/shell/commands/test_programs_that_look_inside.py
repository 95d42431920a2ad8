# SPDX-License-Identifier: MIT
"""What readelf, ldconfig, ssh-keygen, sshd and others tell of programs, keys and themselves, as on a Debian 12."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import Player, root_shell
from tests.decnet_decoys.shell.hostile import keeps_turns

from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.machine import Machine

BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))
KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()} me@host"


@pytest.mark.parametrize(
    ("line", "text", "status"),
    [
        ("readelf -h /bin/ls | sed -n '2p;8p;9p'",
         "  Magic:   7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00 \n"
         "  Type:                              DYN (Position-Independent Executable file)\n"
         "  Machine:                           Advanced Micro Devices X86-64\n", 0),
        ("readelf -d /bin/ls | grep -o '\\[.*\\]'", "[libselinux.so.1]\n[libc.so.6]\n", 0),
        ("readelf -h /etc/passwd", "", 1), ("readelf -h /nosuch", "", 1), ("objdump -f /etc/passwd", "", 1),
        ("objdump -f /bin/ls | sed -n 2p", "/bin/ls:     file format elf64-x86-64\n", 0),
        ("nm /bin/ls; size /bin/ls | head -1", "   text\t   data\t    bss\t    dec\t    hex\tfilename\n", 0),
        ("ldconfig; ldconfig -p | grep -c libc.so.6", "1\n", 0),
        (f"echo '{KEY}' > /tmp/k.pub; ssh-keygen -lf /tmp/k.pub",
         "256 SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA me@host (ED25519)\n", 0),
        ("ssh-keygen -t rsa -b 2048 -N '' -C me -qf /tmp/r; ssh-keygen -lf /tmp/r | cut -d' ' -f1,3,4",
         "2048 me (RSA)\n", 0),
        ("ssh-keygen -t ed25519 -N '' -qf /tmp/e; ssh-keygen -yf /tmp/e | cut -c1-20", "ssh-ed25519 AAAAC3Nz\n", 0),
        ("ssh-keygen -lf /etc/passwd", "", 255), ("ssh-keygen -lf /nosuch", "", 255), ("ssh-keygen -R nosuch", "", 255),
        ("sshd -t; echo $?", "0\n", 0), ("sshd", "", 255),
        ("/usr/sbin/sshd -T | grep -E '^(port|usepam|x11forwarding) '", "port 22\nusepam yes\nx11forwarding yes\n", 0),
        ("echo 'MaxAuthTries 3' >> /etc/ssh/sshd_config; sshd -T | grep maxauthtries", "maxauthtries 3\n", 0),
        ("echo Nosuch 1 > /tmp/c; sshd -t -f /tmp/c", "", 255),
        ("loginctl list-sessions --no-legend | awk '{print $2, $3}'; loginctl nosuch", "0 root\n", 1),
        ("timedatectl | grep zone; timedatectl nosuch", "                Time zone: Etc/UTC (UTC, +0000)\n", 1),
        ("ss -V; setsid --version; ping -V | head -1; xz --version | tail -1",
         "ss utility, iproute2-6.1.0\nsetsid from util-linux 2.38.1\nping from iputils 20221126\nliblzma 5.4.1\n", 0),
        ("nsenter -t 1 -m -u -i -n -p id -u; nsenter -m id", "0\n", 1),
        ("run-parts --test /etc/cron.daily | head -1; run-parts; run-parts /nosuch",
         "/etc/cron.daily/apt-compat\n", 1),
        ("mkdir /tmp/p; ln -s /nosuch /tmp/p/a; printf '#!/bin/sh\necho b; exit 3' > /tmp/p/b; chmod +x /tmp/p/b; "
         "run-parts /tmp/p 2>&1",
         "run-parts: failed to stat component /tmp/p/a: No such file or directory\n"
         "b\nrun-parts: /tmp/p/b exited with return code 3\n", 1),
        ("getent protocols | head -1; getent networks | tail -1",
         "ip                    0 IP\nlink-local            169.254.0.0\n", 0),
        ("getent protocols tcp; ls /etc/rc3.d | head -1; ip route get nosuch",
         "tcp                   6 TCP\nS01cron\n", 1),
        ("stat -c %a:%G /var/spool/cron/crontabs; ss -h | head -1", "1730:crontab\nUsage: ss [ OPTIONS ]\n", 0),
        ("type -a ls; getent services ssh", "ls is /usr/bin/ls\nls is /bin/ls\nssh                   22/tcp\n", 0),
    ],
)  # fmt: skip
def test_a_line_tells_what_it_tells_on_a_debian(run: Player, line: str, text: str, status: int) -> None:
    played = run(line)
    assert (played.text, played.status) == (text, status)


@given(
    st.sampled_from((b"", b"\x7fELF", b"\x7fELF\x02\x01\x01", b"\x7fELF\x01\x02", KEY.encode(), b"ssh-rsa AAAA")),
    st.binary(max_size=200),
)
def test_any_file_is_looked_into(machine: Machine, head: bytes, data: bytes) -> None:
    shell = root_shell(machine)
    shell.files.write("/tmp/f", head + data, KERNEL)
    for line in (
        "readelf -hd /tmp/f",
        "objdump -f /tmp/f",
        "size /tmp/f",
        "ssh-keygen -lf /tmp/f",
        "sshd -T -f /tmp/f",
    ):
        assert Player(shell)(line).status in (0, 1, 2, 3, 255)


@pytest.mark.parametrize("option", ["-F", "-R"])
def test_a_host_is_sought_among_many_without_holding_the_loop(machine: Machine, option: str) -> None:
    shell = root_shell(machine)
    shell.files.write("/tmp/f", b"," * (4 << 20), KERNEL)
    assert keeps_turns(shell, f"ssh-keygen {option} a -f /tmp/f", b"", allowed=0.060, at_most=1.0)
