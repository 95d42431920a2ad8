# SPDX-License-Identifier: MIT
"""What intruders change: bounded, shared by all visitors, kept over restarts; a damaged document is a new machine."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import NOW, ORIGIN, Player

from decnet_decoys.changes.decky_changes import MAX_BYTES, MAX_ENTRIES, MAX_FILE, DeckyChanges
from decnet_decoys.memory_budget import MemoryBudget
from decnet_decoys.personas.catalog import persona
from decnet_decoys.shell.login import logged_in
from decnet_decoys.shell.machine.image import build
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.overlays import OverlayStore
from decnet_decoys.shell.machine.shown_network import shown_network


class Lives:
    """A decky that is restarted between visits."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "changes" / "web-01.msgpack"

    def restarted(self) -> tuple[DeckyChanges, Machine, OverlayStore, MemoryBudget]:
        budget = MemoryBudget(64 << 20)
        changes = DeckyChanges(self.file, "debian-web", budget, 7 * 86400)
        machine = build(persona("debian-web"), "web-01", shown_network("10.20.0.10", 24), NOW - 47 * 86400)
        changes.apply(machine)
        return changes, machine, OverlayStore(budget), budget

    def visit(self, *lines: str, session: str = "s1", address: str = "192.0.2.7", user: str = "root") -> str:
        """Restart, run lines in a session, return what they printed."""
        changes, machine, overlays, budget = self.restarted()
        origin = ORIGIN._replace(address=address, session=session)
        with logged_in(machine, overlays, budget, user, origin, changes=changes) as shell:
            return "".join(Player(shell)(line).text for line in lines)


@pytest.fixture
def lives(tmp_path: Path) -> Lives:
    return Lives(tmp_path)


def test_files_are_there_for_others_after_a_restart(lives: Lives) -> None:
    lives.visit("mkdir /opt/d", "echo x > /opt/d/f", "ln -s f /opt/d/l", "chmod 700 /opt/d/f", "rm -r /etc/nginx")
    shown = lives.visit("cat /opt/d/l; ls -l /opt/d/f | cut -c1-10; ls /etc/nginx 2>/dev/null", address="198.51.100.9")
    assert shown == "x\n-rwx------\n"


def test_protected_files_and_pipes_are_what_they_were_after_each_line_and_a_restart(lives: Lives) -> None:
    made = "echo a > /opt/f; chattr +i /opt/f; echo a > /opt/g; chattr +a /opt/g; mkfifo -m 600 /opt/p"
    used = "rm /opt/f; echo b >> /opt/g; echo c > /opt/g; lsattr /opt/f; cat /opt/g; stat -c '%F %a' /opt/p /opt/f"
    shown = "----i---------e------- /opt/f\na\nb\nfifo 600\nregular file 644\n"
    assert lives.visit(made, used) == shown
    assert lives.visit(used) == shown.replace("b\n", "b\nb\n")
    assert lives.visit("chattr -i /opt/f", "rm /opt/f; ls /opt/f 2>&1 | wc -l") == "1\n"


def test_visitors_at_the_same_time_see_each_others_changes(lives: Lives) -> None:
    changes, machine, overlays, budget = lives.restarted()
    first, second = (ORIGIN._replace(address=f"192.0.2.{last}") for last in (1, 2))
    with (
        logged_in(machine, overlays, budget, "root", first, changes=changes) as mine,
        logged_in(machine, overlays, budget, "root", second, changes=changes) as other,
    ):
        Player(mine)("echo 1 > /tmp/seen; useradd bob")
        assert mine.on_changed is not None
        mine.on_changed()
        assert Player(other)("cat /tmp/seen; id -un bob").text == "1\nbob\n"


@pytest.mark.parametrize(
    ("line", "password", "planted_by"),
    [
        ("echo root:new | chpasswd", "new", "s1"),
        ("printf 'new\\nnew\\n' | passwd root", "new", "s1"),
        ("passwd -l root; echo a:b > /dev/null", None, "s1"),
        ("userdel -f root", None, "s1"),
        ("sed -i 's/^root:[^:]*:/root:x:/' /etc/shadow", None, "s1"),
        ("echo x > /tmp/y", None, ""),
    ],
)
def test_a_password_is_the_one_that_was_set_last(
    lives: Lives, line: str, password: str | None, planted_by: str
) -> None:
    lives.visit(line)
    changes = lives.restarted()[0]
    account = changes.accounts.get("root")
    assert (account.password, account.password_by) == (password, planted_by) if account else planted_by == ""
    assert changes.password_planted_by("root", "new") == (planted_by if password else "")


def test_who_set_it_first_is_remembered_while_it_stays(lives: Lives) -> None:
    lives.visit("echo root:one | chpasswd", "mkdir -p .ssh; echo 'ssh-rsa AAAA1 a' >> .ssh/authorized_keys")
    lives.visit("useradd bob; echo bob:two | chpasswd; echo 'ssh-rsa AAAA2 b' >> .ssh/authorized_keys", session="s2")
    changes = lives.restarted()[0]
    assert {name: one.password_by for name, one in changes.accounts.items()} == {"root": "s1", "bob": "s2"}
    assert changes.accounts["root"].keys == {"AAAA1": "s1", "AAAA2": "s2"}


@pytest.mark.parametrize(
    ("lines", "asked", "shown"),
    [
        (["systemctl stop nginx"], "systemctl is-active nginx; ps -e | grep -c nginx; ss -tln | grep -c ':80 '",
         "inactive\n0\n0\n"),
        (["systemctl stop nginx", "systemctl start nginx"], "systemctl is-active nginx", "active\n"),
        (["systemctl disable cron"], "systemctl is-enabled cron", "disabled\n"),
        (["service cron stop"], "service cron status | grep -c dead", "1\n"),
        (["pkill -f mariadbd"], "pgrep -c mariadbd", "0\n"),
        (["iptables -P INPUT DROP", "iptables -A INPUT -p tcp --dport 22 -j ACCEPT", "iptables -A OUTPUT -j DROP",
          "iptables -D OUTPUT -j DROP"],
         "iptables -S", "-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
         "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"),
        (["iptables -A INPUT -s 192.0.2.9 -j DROP", "iptables -F"], "iptables-save | grep -c '^-A'", "0\n"),
        (["hostname db9"], "uname -n; hostname", "db9\ndb9\n"),
        (["(echo '* * * * * /tmp/x') | crontab -"], "crontab -l", "* * * * * /tmp/x\n"),
    ],
)  # fmt: skip
def test_services_rules_and_tables_are_as_they_were_left(
    lives: Lives, lines: list[str], asked: str, shown: str
) -> None:
    lives.visit(*lines)
    assert lives.visit(asked, session="s2", address="198.51.100.9") == shown


def test_su_asks_for_the_new_password(lives: Lives) -> None:
    lives.visit("useradd -m bob; echo bob:two | chpasswd; echo root:new | chpasswd")
    changes, machine, overlays, budget = lives.restarted()
    with logged_in(machine, overlays, budget, "bob", ORIGIN, changes=changes) as shell:
        assert Player(shell, (b"admin123",))("su -c id").status == 1
        assert Player(shell, (b"new",))("su -c 'id -u'").text == "0\n"


def test_a_damaged_document_is_a_new_machine_and_a_line_in_the_log(
    lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    lives.visit("echo x > /tmp/f; echo root:new | chpasswd")
    lives.file.write_bytes(lives.file.read_bytes()[:-7])
    with caplog.at_level(logging.WARNING):
        assert lives.visit("cat /tmp/f") == ""
    assert "the machine is as new" in caplog.text
    assert lives.restarted()[0].accounts == {}


FILLING = (
    "mkdir /opt/d; echo x > /opt/d/f; ln -s f /opt/d/l; cp /bin/ls /opt/copy; rm -r /etc/nginx; useradd -m bob",
    "echo bob:two | chpasswd; systemctl stop nginx; iptables -A INPUT -j DROP",
)
LOOKING = "ls -laR /opt /home; cat /opt/d/* /opt/copy | md5sum; stat /opt/*; id bob; iptables -L; echo y > /opt/d/new"
VALUES: tuple[object, ...] = (-1, 1 << 62, "", "/", "x", "/home", "\0", "dir", "link", b"", None, [1, "s"], {})


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lives, bytes]:
    lives = Lives(tmp_path_factory.mktemp("filled"))
    lives.visit(*FILLING)
    return lives, lives.file.read_bytes()


@given(places=st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_document_with_other_bytes_is_a_machine(filled: tuple[Lives, bytes], places: list[tuple[int, int]]) -> None:
    lives, whole = filled
    damaged = bytearray(whole)
    for place, byte in places:
        damaged[place % len(damaged)] = byte
    lives.file.write_bytes(damaged)
    assert "y" in lives.visit(LOOKING, "cat /opt/d/new; echo y")


@given(entry=st.integers(0, 99), field=st.integers(0, 8), value=st.sampled_from(VALUES))
def test_a_document_with_other_values_is_a_machine(
    filled: tuple[Lives, bytes], entry: int, field: int, value: object
) -> None:
    lives, whole = filled
    document = msgspec.msgpack.decode(whole)
    entries = document["entries"]
    entries[entry % len(entries)][field] = value
    lives.file.write_bytes(msgspec.msgpack.encode(document))
    assert "y" in lives.visit(LOOKING, "cat /opt/d/new; echo y")


def test_no_file_that_an_intruder_can_make_spoils_the_document(lives: Lives) -> None:
    lives.visit("touch -d @-5 /opt/a; touch -d @99999999999999 /opt/b; touch /opt/c; chown 99999999999 /opt/c")
    lives.visit("chmod 7777 /opt/c; chmod 700 /; mkdir /opt/d; rm -rf /home; echo > /home")
    assert lives.visit("ls /opt /home | wc -l; stat -c %a /opt/c /") == "6\n7777\n700\n"


def test_bytes_that_are_no_text_are_kept(lives: Lives) -> None:
    lives.visit(r"touch $'/opt/\xff'", r"echo $'root:\xfe' | chpasswd", r"iptables -A INPUT -j $'\xfd'")
    lives.visit("echo 1 > /opt/second")
    assert lives.visit("ls /opt | od -An -c | tr -d ' '") == "second\\n377\\n\n"
    assert lives.restarted()[0].password_planted_by("root", "\udcfe") == "s1"


@pytest.mark.parametrize(("days", "left"), [(6.9, "x\n"), (7.1, "")])
def test_a_machine_that_nobody_changed_for_long_is_as_new(lives: Lives, days: float, left: str) -> None:
    lives.visit("echo x > /tmp/f; echo root:new | chpasswd")
    at = time.time() - days * 86400
    os.utime(lives.file, (at, at))
    assert lives.visit("cat /tmp/f 2>/dev/null") == left
    assert lives.restarted()[0].password_planted_by("root", "new") == ("s1" if left else "")


def test_another_persona_is_another_machine(lives: Lives) -> None:
    lives.visit("echo root:new | chpasswd")
    assert DeckyChanges(lives.file, "nas", MemoryBudget(1 << 20)).accounts == {}


def test_one_intruder_does_not_take_all_room_and_all_is_bounded(lives: Lives) -> None:
    filling = f"for i in {{1..20}}; do head -c {MAX_FILE} /dev/zero > /opt/big$i; done"
    many = f"for i in {{1..{MAX_ENTRIES + 50}}}; do : > /opt/f$i; done"
    lives.visit(filling, f"head -c {MAX_FILE + 1} /dev/zero > /opt/larger", many)
    assert lives.visit("echo root:mine | chpasswd; echo 1 > /opt/mine", address="198.51.100.9") == ""
    assert lives.file.stat().st_size < MAX_BYTES + 200 * MAX_ENTRIES
    assert lives.visit("ls /opt/big* | wc -l; ls /opt/larger 2>/dev/null; cat /opt/mine").endswith("1\n")
    assert lives.restarted()[0].password_planted_by("root", "mine") == "s1"


def test_changes_survive_a_kill(lives: Lives, python: str) -> None:
    program = f"""
import os, pathlib, signal, sys
from tests.decnet_decoys.changes.test_decky_changes import Lives
from tests.decnet_decoys.decky_host import ORIGIN, Player
from decnet_decoys.shell.login import logged_in
lives = Lives(pathlib.Path({str(lives.file.parent.parent)!r}))
changes, machine, overlays, budget = lives.restarted()
with logged_in(machine, overlays, budget, "root", ORIGIN._replace(session="s1"), changes=changes) as shell:
    Player(shell)("echo root:new | chpasswd")
    shell.on_changed()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([python, "-c", program], check=False, env={"PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == -signal.SIGKILL
    assert lives.restarted()[0].password_planted_by("root", "new") == "s1"


def test_a_copied_program_is_kept_with_what_it_is(lives: Lives, player: Callable[..., Player]) -> None:
    lives.visit("cp /bin/ls /opt/copy")
    assert lives.visit("md5sum /opt/copy | cut -c1-32") == player()("md5sum /bin/ls | cut -c1-32").text
