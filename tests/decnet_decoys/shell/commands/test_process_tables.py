# SPDX-License-Identifier: MIT
"""The columns and selections of ps, and who has which socket open."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player

USAGE = (
    "\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or "
    "'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n"
)


@pytest.mark.parametrize(
    ("options", "head"),
    [
        ("-eF", "UID          PID    PPID  C    SZ   RSS PSR STIME TTY          TIME CMD"),
        ("-el", "F S   UID     PID    PPID  C PRI  NI ADDR SZ WCHAN  TTY          TIME CMD"),
        ("-ely", "S   UID     PID    PPID  C PRI  NI   RSS    SZ WCHAN  TTY          TIME CMD"),
        ("axjf", "   PPID     PID    PGID     SID TTY        TPGID STAT   UID   TIME COMMAND"),
        ("axl", "F   UID     PID    PPID PRI  NI    VSZ   RSS WCHAN  STAT TTY        TIME COMMAND"),
        ("-eLf", "UID          PID    PPID     LWP  C NLWP STIME TTY          TIME CMD"),
        ("-ej", "    PID    PGID     SID TTY          TIME CMD"),
        ("-aux", "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"),
        ("-eo pid:1,user:20,psr", "PID USER                 PSR"),
    ],
)
def test_the_columns_are_those_of_the_format(run: Player, options: str, head: str) -> None:
    assert run(f"ps {options}").text.splitlines()[0] == head


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("ps -p abc", "process ID list syntax error"),
        ("ps -u nosuch", "user name does not exist"),
        ("ps -o", "format specification must follow -o"),
        ("ps -C", "list of command names must follow -C"),
        ("ps --sort=nosuch", "unknown sort specifier"),
        ("ps -z", "unsupported SysV option"),
        ("ps z", "unsupported option (BSD syntax)"),
    ],
)
def test_what_ps_cannot_read_is_refused(run: Player, line: str, wrong: str) -> None:
    done = run(line)
    assert (done.errors, done.status, done.text) == (f"error: {wrong}\n{USAGE}", 1, "")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ps --ppid 99999 -o pid=; echo $?; ps -p 1,512 -o comm=; ps -C nginx -o pid= | wc -l",
         "1\nsystemd\ncron\n3\n"),
        ("pstree -p | head -n 1; pstree 99999; echo $?", "systemd(1)-+-systemd-journal(271)\n1\n"),
        ("lsof -t -i :80; lsof -i :3333; echo $?; lsof -nP -iTCP -sTCP:LISTEN | awk '{print $1, $NF, $9}'",
         "701\n1\nCOMMAND NAME NAME\nsshd (LISTEN) *:22\nnginx (LISTEN) *:80\nmariadbd (LISTEN) 127.0.0.1:3306\n"),
        ("fuser 80/tcp; fuser -n tcp 3333; echo $?; fuser -k 3306/tcp > /dev/null; ss -tln | grep -c 3306",
         "   701\n1\n0\n".replace("\n1", "1", 1)),
    ],
)  # fmt: skip
def test_processes_and_their_sockets_are_found(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown
