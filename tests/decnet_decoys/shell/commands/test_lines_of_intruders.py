# SPDX-License-Identifier: MIT
"""What people type who look around, stay and build tools: as Debian 12 answers them (lists 31 and 32)."""

from __future__ import annotations

import shlex

import pytest
from tests.decnet_decoys.decky_host import Player, outcome

from decnet_decoys.shell.commands.system.sudoers import Rule, SudoersError, rule_for, rules_in
from decnet_decoys.shell.state import ShellState


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("a=(p q r); unset a[0]; echo ${a[*]} ${#a[@]}; b=1; unset b[0]; echo \"<$b>\"", "q r 2\n<>\n"),
        ("declare -A m=([x]=1 [y]=2); unset 'm[x]'; echo ${!m[@]}; unset m; echo ${#m[@]}", "y\n0\n"),
        ("((1+)); for ((i=0;i<2;i++)); do echo $i; done; f() { ((x++)); }; type f | tail -2",
         'bash: line 1: ((: 1+: syntax error: operand expected (error token is "+")\n0\n1\n    ((x++))\n}\n'),
        ("pwd -X; read -n; read 1a <<< x; history -nosuch",
         "bash: line 1: pwd: -X: invalid option\npwd: usage: pwd [-LP]\n"
         "bash: line 1: read: -n: option requires an argument\n"
         "read: usage: read [-ers] [-a array] [-d delim] [-i text] "
         "[-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n"
         "bash: line 1: read: `1a': not a valid identifier\nbash: line 1: history: -o: invalid option\nhistory: usage: "
         "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]\n"),
        ("printf '%q\\n' $'a\\nb' \"it's\" ''; printf '%z\\n' 1; printf %",
         "$'a\\nb'\nit\\'s\n''\nbash: line 1: printf: `\\': invalid format character\n"
         "bash: line 1: printf: `%': missing format character\n"),
        ("enable -n echo; type echo; enable -n; enable echo; type echo",
         "echo is /usr/bin/echo\nenable -n echo\necho is a shell builtin\n"),
        ("ls >/dev/null; type ls; test 1 2 3; CDPATH=/ cd etc; pushd /tmp >/dev/null; dirs -v",
         "ls is hashed (/usr/bin/ls)\nbash: line 1: test: 2: binary operator expected\n/etc\n 0  /tmp\n 1  /etc\n"),
        ("bash -l -c 'shopt -q login_shell && echo yes'; awk 'BEGIN{print 1/0, -1/0}'", "yes\ninf -inf\n"),
        ("printf 'b\\0a\\0' | sort -z | xxd -p; strings -t d /etc/hostname; echo abc | xxd -i",
         "61006200\n      0 web-01\n  0x61, 0x62, 0x63, 0x0a\n"),
        ("cd /tmp; printf 'a\\nb\\n' > 1; printf 'a\\nx\\nd\\n' > 2; diff -y 1 2",
         "a\t\t\t\t\t\t\t\ta\nb\t\t\t\t\t\t\t      |\tx\n\t\t\t\t\t\t\t      >\td\n"),
        ("cd /tmp; fallocate -l 1K f; stat -c %s f; fallocate f; nologin; pathchk -p 'a b'; namei /bin/sh",
         "1024\nfallocate: no length argument specified\nThis account is currently not available.\n"
         "pathchk: nonportable character \u2018 \u2019 in file name 'a b'\n"
         "f: /bin/sh\n d /\n l bin -> usr/bin\n   d usr\n   d bin\n l sh -> dash\n   - dash\n"),
        ("echo 'x y' | crontab -; printf '\\nbad\\n' | crontab -",
         '"-":0: bad minute\nerrors in crontab file, can\'t install.\n'
         '"-":2: bad minute\nerrors in crontab file, can\'t install.\n'),
        ("id root nobody; id -u -g; tty x; ls -F /bin/sh; logger -p user.nosuch y",
         "uid=0(root) gid=0(root) groups=0(root)\nuid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n"
         'id: cannot print "only" of more than one choice\ntty: extra operand \u2018x\u2019\n'
         "Try 'tty --help' for more information.\n/bin/sh@\nlogger: unknown priority name: nosuch\n"),
        ("echo 'toor:x:0:0::/root:/bin/bash' >> /etc/passwd; su toor -c id", "su: Authentication failure\n"),
        ("echo '{bad' | python3 -m json.tool; echo '{\"a\":1}' > /tmp/j; python3 -m json.tool /tmp/j",
         "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n{\n    \"a\": 1\n}\n"),
    ],
)  # fmt: skip
def test_lines(shell: ShellState, line: str, text: str) -> None:
    shell.terminal, shell.command = None, "line"
    assert Player(shell)(f"exec 2>&1; {line}").text == text


CLASS = """\
class P:
    def __init__(s, x): s.x = x
    def __repr__(s): return f"P<{s.x!r}>"
    def __eq__(s, o): return s.x == o.x
    def __lt__(s, o): return s.x < o.x
    def __add__(s, o): return P(s.x + o.x)
class Q(P):
    def __str__(s): return "Q" + super().__repr__()
print([Q(2)], (P("a"),), Q(3), P(1) == P(1), P(1) != P(1), P(1) < P(2), P(1) + P(2))
"""
DATES = """\
import datetime as d
n = d.datetime(2024, 2, 28)
print(d.date(2020, 1, 2), d.timedelta(days=1, hours=2), [d.date(2020, 1, 2)], f"{n:%Y-%m}", n.weekday())
print(d.date(2020, 3, 1) - d.date(2020, 2, 1), n + d.timedelta(days=2), n > d.datetime(2020, 1, 1), n.strftime("%s"))
print(d.datetime.strptime("2020-01-02", "%Y-%m-%d").isoformat(), d.datetime.fromtimestamp(0, d.timezone.utc))
print(len(d.datetime.now().isoformat()) > 18, d.date.today().year > 2000)
d.datetime(2020, 13, 1)
"""


@pytest.mark.parametrize(
    ("program", "text", "ends"),
    [
        (CLASS, "[P<2>] (P<'a'>,) QP<3> True False True P<3>\n", ""),
        (
            DATES,
            "2020-01-02 1 day, 2:00:00 [datetime.date(2020, 1, 2)] 2024-02 2\n"
            "29 days, 0:00:00 2024-03-01 00:00:00 True 1709078400\n"
            "2020-01-02T00:00:00 1970-01-01 00:00:00+00:00\nTrue True\n",
            "ValueError: month must be in 1..12\n",
        ),
    ],
)
def test_classes_and_dates_of_python(shell: ShellState, program: str, text: str, ends: str) -> None:
    played = Player(shell)(f"python3 -c {shlex.quote(program)}")
    assert played.text == text
    assert played.errors.endswith(ends)


def test_who_has_a_rule_in_sudoers_runs_that_and_nothing_else(shell: ShellState) -> None:
    shell.terminal, shell.command = None, "line"
    player = Player(shell)
    rule = "nobody ALL=(ALL) NOPASSWD: /usr/bin/id"
    assert player(
        f"echo '{rule}' > /etc/sudoers.d/n; visudo -cf /etc/sudoers.d/n; sudo -l -U nobody | tail -1"
    ).text == ("/etc/sudoers.d/n: parsed OK\n    (ALL) NOPASSWD: /usr/bin/id\n")
    played = player("su -s /bin/sh nobody -c 'sudo -n id -u; sudo -n ls; sudo -l | tail -1'; sudo -l -U games")
    assert played.text == ("0\n    (ALL) NOPASSWD: /usr/bin/id\nUser games is not allowed to run sudo on web-01.\n")
    assert played.errors == "sudo: a password is required\n"


@pytest.mark.parametrize(
    ("line", "column", "token", "text"),
    [
        ("bad", 4, "", "syntax error"), ("bad line", 9, "", "syntax error"),
        ("bad line here", 10, "here", "syntax error"),
        ("u ALL=(ALL) NOPASSWD ALL", 22, "ALL", "syntax error"), ("u ALL=", 7, "", "syntax error"),
        ("u ALL=ls", 7, "ls", "expected a fully-qualified path name"), ("= a", 1, "=", "syntax error"),
        ("u ALL=(ALL) NOPASSWD: ALL extra", 27, "extra", "syntax error"), ("u ALL==ALL", 7, "=", "syntax error"),
        ("u ALL=(ALL) FOO: ALL", 21, "", "syntax error"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_rule_is_shown_where_visudo_does(line: str, column: int, token: str, text: str) -> None:
    with pytest.raises(SudoersError) as caught:
        list(rules_in(line))
    assert (caught.value.column, caught.value.token, str(caught.value)) == (column, token, text)


def test_the_last_rule_that_fits_counts() -> None:
    lines = (
        "%x ALL=(ALL:ALL) ALL",
        "u ALL = (root) NOPASSWD: /bin/ls, /bin/cat /etc/*, !/bin/su",
        "Defaults env_reset",
        "# x",
    )
    rules = [rule for line in lines for rule in rules_in(line)]
    assert rules == [
        Rule(("%x",), "ALL : ALL", False, "ALL"), Rule(("u",), "root", True, "/bin/ls"),
        Rule(("u",), "root", True, "/bin/cat /etc/*"), Rule(("u",), "root", True, "!/bin/su"),
    ]  # fmt: skip
    own = rules[1:]
    assert outcome(rule_for(own, "root", "/bin/ls", ["-l"])) == own[0]
    assert outcome(rule_for(own, "root", "/bin/cat", ["/etc/shadow"])) == own[1]
    assert outcome(rule_for(own, "root", "/bin/cat", ["/root/x"])) is None
    assert outcome(rule_for(own, "deploy", "/bin/ls", [])) is None
    assert outcome(rule_for(rules, "root", "/bin/su", [])) is None
