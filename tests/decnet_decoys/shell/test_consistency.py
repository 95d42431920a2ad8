# SPDX-License-Identifier: MIT
"""What a sceptical intruder tries to find out whether the machine is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.decnet_decoys.decky_host import NOW, ORIGIN, WITH_SHELL, Player, http_profile, ssh_profile

from decnet_decoys.personas.catalog import persona
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.state import ShellState

MakePlayer = Callable[..., Player]


def test_busybox_answers_as_bots_expect(run: Player) -> None:
    done = run("/bin/busybox ECORCHI")
    assert (done.status, done.errors) == (127, "ECORCHI: applet not found\n")
    assert run("cat /bin/busybox | head -c 4").text == "\x7fELF"


@pytest.mark.parametrize("name", ["debian-web", "ubuntu-db"])
def test_the_accounts_of_the_distribution_are_there_and_agree(player: MakePlayer, name: str) -> None:
    run = player(name)
    accounts = [line.split(":") for line in run("cat /etc/passwd").text.splitlines()]
    assert len(accounts) > 18
    assert len({account[0] for account in accounts}) == len({account[2] for account in accounts}) == len(accounts)
    assert {"daemon", "nobody", "sshd", "www-data"} <= {account[0] for account in accounts}
    groups = {line.split(":")[2] for line in run("cat /etc/group").text.splitlines()}
    assert {account[3] for account in accounts} <= groups
    assert len(run("cat /etc/shadow").text.splitlines()) == len(accounts)
    assert run("id nobody").text == "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n"


def test_a_users_groups_have_their_numbers(run: Player) -> None:
    assert run("id deploy").text == "uid=1000(deploy) gid=1000(deploy) groups=1000(deploy),27(sudo),33(www-data)\n"
    assert "sudo:x:27:deploy\n" in run("grep sudo /etc/group").text


@pytest.mark.parametrize("name", WITH_SHELL)
def test_what_is_mounted_is_the_same_everywhere(player: MakePlayer, name: str) -> None:
    run = player(name)
    told = [line.split(" ")[:3] for line in run("cat /proc/mounts").text.splitlines()]
    shown = [line.split(" ")[:5:2] for line in run("mount").text.splitlines()]
    assert told == shown
    assert {disk.mount for disk in persona(name).hardware.disks} <= {place for _, place, _ in told}
    listed = [line.split() for line in run("df").text.splitlines()[1:]]
    assert [row[5] for row in listed if row[0].startswith("/")] == [d.mount for d in persona(name).hardware.disks]


def test_df_lines_up(run: Player) -> None:
    heading, *rows = run("df -h").text.splitlines()
    assert heading == "Filesystem      Size  Used Avail Use% Mounted on"
    assert all(row[heading.index("Mounted") - 1] == " " and row[heading.index("Mounted")] == "/" for row in rows)


def test_nothing_of_a_container_shows(run: Player) -> None:
    assert run("cat /proc/1/cgroup").text == "0::/init.scope\n"
    assert run("systemd-detect-virt").text == "kvm\n"
    assert run("ls -a /.dockerenv").status == 2


def test_the_shell_is_a_bash(run: Player, player: MakePlayer) -> None:
    assert run("echo $BASH_VERSION $OSTYPE $EUID").text == "5.2.15(1)-release linux-gnu 0\n"
    assert run("echo $TERM").text == "xterm\n"
    assert player("debian-web", "root", terminal=None)("echo $TERM").text == "dumb\n"
    assert run("ulimit -n").text == "1024\n"
    assert len(run("ulimit -a").text.splitlines()) == 17


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("python3 -c 'print(\"aa\")'", "aa\n"),
        ("perl -e 'print \"aa\\n\";'", "aa\n"),
        ("python3 -c 'import os; print(os.getcwd())'", "/root\n"),
        ("ls --version", "ls (GNU coreutils) 9.1\n"),
        ("echo --version", "--version\n"),
        (
            "seq 4 | tail -n +3; seq 4 | tail -2; seq 4 | head -1; seq 3 | tail -n 0; echo abcd | tail -c +3",
            "3\n4\n3\n4\n1\ncd\n",
        ),
        ("lsattr /etc/passwd", "--------------e------- /etc/passwd\n"),
    ],
)
def test_programs_print_what_they_would(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


@pytest.mark.parametrize("name", WITH_SHELL)
def test_the_ssh_client_is_the_servers_package(player: MakePlayer, name: str) -> None:
    assert player(name)("ssh -V").errors.startswith(ssh_profile(name).version)


@pytest.mark.parametrize(
    ("count", "told"),
    [("bs=1M count=3", "3145728 bytes (3.1 MB, 3.0 MiB) copied, "), ("bs=10 count=3", "30 bytes copied, ")],
)
def test_dd_counts_what_it_was_told_to_copy(run: Player, count: str, told: str) -> None:
    lines = run(f"dd if=/dev/zero of=/tmp/z {count}").errors.splitlines()
    assert lines[:2] == ["3+0 records in", "3+0 records out"]
    assert lines[2].startswith(told)


def test_its_own_web_site_answers_from_inside(run: Player) -> None:
    site = http_profile("debian-web")
    assert run("curl -s http://localhost/").text == site.pages["/"].body
    assert run("curl -sI http://127.0.0.1/nosuch").text.startswith("HTTP/1.1 404 Not Found\r\nServer: nginx/")
    done = run("cd /tmp; wget -q http://10.20.0.10/robots.txt; cat robots.txt")
    assert done.text == site.pages["/robots.txt"].body
    assert run("curl -so page http://localhost/; wc -c < page").text == f"{len(site.pages['/'].body)}\n"
    assert run("cd /srv; curl -O http://localhost/robots.txt; ls").text == "robots.txt\n"
    assert [step.action for step in done.requested] == ["fetch"]
    assert run("curl http://198.51.100.9/").status == 7


def test_the_time_since_boot_goes_on(machine: Machine) -> None:
    clock = [float(NOW)]
    run = Player(ShellState(machine, machine.users[0], lambda: clock[0], ORIGIN))
    first = float(run("cat /proc/uptime").text.split()[0])
    clock[0] += 7.5
    assert float(run("cut -d' ' -f1 < /proc/uptime").text) == first + 7.5
    assert run("uptime").text.split(" up ")[1].startswith(f"{first // 86400:.0f} days")


def test_sockets_are_the_same_in_proc(run: Player) -> None:
    ports = {int(line.split()[1].rpartition(":")[2], 16) for line in run("tail -n +2 /proc/net/tcp").text.splitlines()}
    assert ports == {socket.port for socket in persona("debian-web").listeners}


def test_what_packages_left_is_there(run: Player) -> None:
    assert run("ls -d /lib64 /lost+found /boot/vmlinuz-$(uname -r) /etc/ssh/sshd_config").errors == ""
    assert "install nginx:amd64 <none> 1.22.1-9+deb12u3\n" in run("cat /var/log/dpkg.log").text
    assert run("cat /proc/self/exe | head -c 4").text == "\x7fELF"
