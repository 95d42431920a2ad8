# SPDX-License-Identifier: MIT
"""What bash and dash say and do, as real ones of Debian 12 did with the same lines."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import root_shell

from decnet_decoys.shell.effects import Print
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine


def shown_for(machine: Machine, line: str) -> str:
    """Return what both streams of a shell show that is started to run a line."""
    shell = root_shell(machine, terminal=None)
    shell.command = line
    return b"".join(one.data for one in Interpreter(shell).run(line, b"") if isinstance(one, Print)).decode()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("x=hello; echo ${x^^[lo]} ${x@A}", "heLLO x='hello'\n"),
        ("echo $'it\\'s'", "it's\n"),
        ("a=([3]=c [1]=a [4]=d); echo ${a[*]:2:2}", "c d\n"),
        ('IFS=,; set -- a b c; echo "${*:2}"', "b,c\n"),
        ("set -- a; echo ${2-none} ${1-none}", "none a\n"),
        ('case [a] in "[a]") echo literal;; esac; case b in "[a-c]") echo wrong;; esac', "literal\n"),
        ("shopt -s lastpipe; echo z | read z; echo [$z]", "[z]\n"),
        ("false; trap 'echo usr $?' USR1; false; kill -USR1 $$", "usr 0\n"),
        ("(readonly r=1; f() { :; }); r=2; echo $r; type f >/dev/null 2>&1 || echo none", "2\nnone\n"),
        ("umask u=rwx,g=rx,o=; umask; umask -p", "0027\numask 0027\n"),
        ("exec -a fake sh -c 'echo $0'", "fake\n"),
        ("eval -- echo one; eval; echo $?", "one\n0\n"),
        ("sudo A=1 B=2 sh -c 'echo $A$B'", "12\n"),
        ("sh -c 'sleep 9 & kill $!; echo $?'", "0\n"),
        ("dash -c 'a+=1' 2>&1; dash -c 'echo $\"x\"'", "dash: 1: a+=1: not found\n$x\n"),
        ("sh -c 'if'", 'sh: 1: Syntax error: end of file unexpected (expecting "then")\n'),
        ("sh -c 'read'", "sh: 1: read: arg count\n"),
        ("sh -c 'echo ${A:?}'", "sh: 1: A: parameter not set or null\n"),
        ("sh -c '[ a -eq 1 ]'", "sh: 1: [: Illegal number: a\n"),
        ("x='a b'; echo > $x", "bash: line 1: $x: ambiguous redirect\n"),
        ("echo > $none", "bash: line 1: $none: ambiguous redirect\n"),
        ("echo x >&-", "bash: line 1: echo: write error: Bad file descriptor\n"),
        ("echo > /dev/tty", "bash: line 1: /dev/tty: No such device or address\n"),
        ("(set -x; x='1 2'; :) 2>&1; sh -xc 'x=\"1 2\"; : $x' 2>&1", "+ x='1 2'\n+ :\n+ x=1 2\n+ : 1 2\n"),
        ("declare -A c; for w in a b a; do ((c[$w]++)); done; echo ${c[a]} ${c[b]}", "2 1\n"),
        ("a=(1 2 3); i=1; echo $((a[i]+a[2])) $((a[0]++)) ${a[0]}; let 'a[1] += 5'; echo ${a[*]}", "5 1 2\n2 7 3\n"),
        ("mkfifo /tmp/p; (echo through > /tmp/p &); cat /tmp/p; cat < /tmp/p", "through\n"),
        ("echo '61 * * * * x' | crontab -", '"-":0: bad minute\nerrors in crontab file, can\'t install.\n'),
        ("type -P ls cd; sh -c 'command -v nosuch'; echo $?", "/usr/bin/ls\n127\n"),
        (
            "eval 'echo (b)'",
            "bash: eval: line 1: syntax error near unexpected token `b'\nbash: eval: line 1: `echo (b)'\n",
        ),
        (
            "echo 'A=1; alias x=y' >> ~/.bashrc; bash -lc 'echo $A'; bash -c 'echo [$A]'; su - -c 'echo $A'",
            "1\n[]\n1\n",
        ),
        ("echo 'echo from profile; return' >> ~/.profile; bash --login -c :; sh -lc :", "from profile\nfrom profile\n"),
        ("sh -c 'wait 99999; echo $?'", "127\n"),
        ("bash -ic : 2>&1 | tail -1", "bash: no job control in this shell\n"),
        ("sh -ic 'echo \"$PS1\"' 2>/dev/null", "# \n"),
        ("exit 1 2; echo $?", "bash: line 1: exit: too many arguments\n"),
        ("(sleep 3; echo a) > /dev/null & jobs", "[1]+  Running                 ( sleep 3; echo a ) > /dev/null &\n"),
    ],
)
def test_a_line_shows_what_the_real_shell_shows(machine: Machine, line: str, shown: str) -> None:
    assert shown_for(machine, line) == shown
