# SPDX-License-Identifier: MIT
"""Values that a program of Debian does not take, and processes, files and names that there are not, in its words."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player


@pytest.mark.parametrize(
    ("line", "text", "errors"),
    [
        ("truncate -s x f; echo $?", "1\n", "truncate: Invalid number: \u2018x\u2019\n"),
        ("dd bs=x; echo $?", "1\n", "dd: invalid number: \u2018x\u2019\n"),
        ("nproc x; nproc --ignore=x; nproc --ignore=99", "1\n",
         "nproc: extra operand \u2018x\u2019\nTry 'nproc --help' for more information.\n"
         "nproc: invalid number: \u2018x\u2019\n"),
        ("nice -n x ls; echo $?; nice -n 5 nice", "125\n5\n", "nice: invalid adjustment \u2018x\u2019\n"),
        ("timeout 1; echo $?; stdbuf; echo $?", "125\n125\n",
         "Try 'timeout --help' for more information.\nstdbuf: missing operand\n"
         "Try 'stdbuf --help' for more information.\n"),
        ("taskset -p 99999; chrt -p 99999; taskset -p 1 > /dev/null", "",
         "taskset: failed to get pid 99999's affinity: No such process\n"
         "chrt: failed to get pid 99999's policy: No such process\n"),
        ("tac /nosuch /etc/hostname", "web-01\n",
         "tac: failed to open '/nosuch' for reading: No such file or directory\n"),
        ("locale nosuch; echo $?", "1\n", 'locale: unknown name "nosuch"\n'),
        ("tty -s; tty -s", "", ""),
        ("unset 'a]'; echo $?; fallocate -l 1\u212a f; echo $?; date -d \u017fun; echo $?", "0\n1\n1\n",
         "fallocate: invalid length value specified\ndate: invalid date \u2018\u017fun\u2019\n"),
        ("enable -n nosuch cd; echo $?; enable -n", "1\nenable -n cd\n",
         "-bash: enable: nosuch: not a shell builtin\n"),
        ("printf '\\377:x:0:0::/:/bin/\\377\\n' >> /etc/passwd; su $'\\377' -c id; echo $?", "1\n",
         "su: Authentication failure\n"),
        ("printf 'root:x:0:0::/:/bin/\\377\\n' > /etc/passwd; chsh -s /bin/sh; echo $?", "1\n",
         "Password: chsh: PAM: Authentication failure\n"),
        ("useradd -o -u 0 -g 0 hax 2> /dev/null; su hax -c whoami", "root\n", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_as_debian_does(run: Player, line: str, text: str, errors: str) -> None:
    answer = run(f"cd /tmp; {line}")
    assert (answer.text, answer.errors) == (text, errors)


@pytest.mark.parametrize(
    ("line", "errors", "status"),
    [
        ("ping --nosuch", "ping: invalid option -- '-'\n\nUsage\n  ping [options] <destination>\n", 2),
        ("ping -c", "ping: option requires an argument -- 'c'\n\nUsage\n", 2),
        ("crontab -z", "crontab: invalid option -- 'z'\ncrontab: usage error: unrecognized option\nusage:\t", 1),
        ("readelf", "Usage: readelf <option(s)> elf-file(s)\n Display information about", 1),
        ("chage", "Usage: chage [options] LOGIN\n\nOptions:\n  -d, --lastday LAST_DAY", 2),
        ("ip", "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\nwhere", 255),
    ],
)
def test_usage_is_told_whole(run: Player, line: str, errors: str, status: int) -> None:
    answer = run(line)
    assert answer.errors.startswith(errors)
    assert answer.status == status


def test_options_that_are_not_checked_reach_the_program(run: Player) -> None:
    assert run("ip -br link show lo").text.startswith("lo ")
    assert run("crontab -u nobody -l").errors == "no crontab for nobody\n"
