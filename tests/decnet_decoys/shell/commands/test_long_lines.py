# SPDX-License-Identifier: MIT
"""What long lines of droppers and recon scripts need: as Debian 12 answers them."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player

from decnet_decoys.shell.commands.busybox.words import APPLETS, HEADER, usage

CP = f"{HEADER}\nUsage: cp [-arPLHpfinlsTu] SOURCE DEST\n"


@pytest.mark.parametrize(
    ("line", "text", "status"),
    [
        ("while :; do :; done & echo a; kill -9 $!; wait $! 2>/dev/null; echo $?; seq 2 | tail -1", "a\n137\n2\n", 0),
        ("for i in 1 2 3; do while :; do :; done & done; echo end", "end\n", 0),
        ("(trap 'echo sub' EXIT; exit 4); echo $?; trap 'echo end' EXIT; exit 1", "sub\n4\nend\n", 1),
        ("printf 'trap \"echo in\" EXIT\\nexit 2\\n' > /tmp/t.sh; bash /tmp/t.sh; echo $?", "in\n2\n", 0),
        ("printf '\\necho ${1:?no}\\n' > /tmp/t.sh; bash /tmp/t.sh 2>&1; echo $?", "/tmp/t.sh: line 2: 1: no\n1\n", 0),
        ("(set -u; echo $undef) 2>/dev/null; echo $?", "1\n", 0),
        ("exec 4</etc/hostname; read -u 4 h; echo $h; read -u 9 x 2>/dev/null; echo $?", "web-01\n1\n", 0),
        (
            "cd /var/run && pwd; pwd -P; /bin/pwd; cd ..; pwd; cd - ; echo $OLDPWD",
            "/var/run\n/run\n/run\n/var\n/var/run\n/var\n",
            0,
        ),
        (
            "a=(one two); echo ${a[@]/o/0} ${a[@]^^}; unset 'a[0]'; echo ${a[0]:-none} ${#a[@]}",
            "0ne tw0 ONE TWO\nnone 1\n",
            0,
        ),
        ("n=4; f=1; while ((n>1)); do ((f*=n--)); done; echo $f $((n++ + 2)) $n", "24 3 2\n", 0),
        (
            "iptables -A INPUT -s 192.0.2.1 -j DROP; iptables -nL INPUT | tail -1 | cut -c1-4; iptables -D INPUT 1",
            "DROP\n",
            0,
        ),
        ("iptables -D INPUT 7 2>/dev/null", "", 1),
        ("flock -n /tmp/l -c 'echo a'; flock 2>/dev/null; echo $?; script -qc 'echo b' /dev/null", "a\n64\nb\n", 0),
        (
            "chroot 2>/dev/null; echo $?; chroot /nosuch 2>/dev/null; echo $?; unshare -r id -u; runlevel",
            "125\n125\n0\nN 5\n",
            0,
        ),
        (
            "renice -n 5 -p 1; chrt -p 1 | tail -1 | cut -c1-13",
            "1 (process ID) old priority 0, new priority 5\npid 1's curre\n",
            0,
        ),
        (
            "busybox tftp 2>&1 | sed -n 3p; busybox wget 2>/dev/null; echo $?",
            "Usage: tftp [OPTIONS] HOST [PORT]\n1\n",
            0,
        ),
        ("busybox tftp -g -r x 192.0.2.1 2>&1; tftp 2>/dev/null; echo $?", "tftp: timeout\n127\n", 0),
        ("echo '@reboot x' | crontab -; crontab /dev/null; crontab -l | wc -l; crontab -r; echo $?", "0\n0\n", 0),
        ("userdel root 2>/dev/null; echo $?; domainname; usleep 1 2>/dev/null; echo $?", "8\n(none)\n127\n", 0),
    ],
)
def test_a_long_line_is_answered_as_on_a_debian(run: Player, line: str, text: str, status: int) -> None:
    played = run(line)
    assert (played.text, played.status) == (text, status)


def test_an_applet_of_busybox_tells_its_usage_for_an_option_that_it_does_not_have(run: Player) -> None:
    played = run("busybox cp --bogus a b 2>&1")
    assert played.text.startswith(f"cp: unrecognized option '--bogus'\n{CP}")
    assert played.status == 1


@pytest.mark.parametrize("applet", APPLETS)
def test_every_applet_of_busybox_can_be_asked_for_help(run: Player, applet: str) -> None:
    told, _ = usage(applet)
    if told:
        assert run(f"busybox {applet} --help 2>&1").text == told
