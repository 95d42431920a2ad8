# SPDX-License-Identifier: MIT
# ruff: noqa: E501  # scripts as they are
"""Scripts of several lines beside bash: options, loops, what they read, line numbers of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.decnet_decoys.beside_bash import in_bash, in_decoy
from tests.decnet_decoys.decky_host import NOW, ORIGIN, Player, apart

from decnet_decoys.shell.effects import Pause, Print
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.state import ShellState

LINES = [
    "set -euo pipefail; echo a; false | cat; echo never",
    "bash -euo pipefail -c 'echo a; false | cat; echo never'; echo $?; bash -o pipefail -c 'false | true; echo $?'",
    "printf '#!/bin/bash -e\\necho a\\nfalse\\necho never\\n' > s; chmod +x s; ./s; echo $?",
    "set -C; echo a > f; echo b > f; echo $?; echo c >| f; cat f; set +C; echo d > f; cat f; set -a; X=1; env | grep ^X",
    's=abcd; for k in 0 1 2; do echo "${s:$k:1}" ${s:$k:1} ${s:k:1} ${s:$((k+1))} ${s:0:$k}; done',
    'a=(x1 y2); for f in "${a[@]/#/p}" "${a[@]/%/s}" "${a[@]%2}" "${a[@]^^}" "${@/a/b}"; do echo "<$f>"; done',
    'set -- p.sh q.sh; for f in "${@%.sh}" "${@:1:1}" ${@/p/P}; do echo "<$f>"; done; echo "${*%.sh}"; x=a; echo "${x/#/p}"',
    "a=(1 2 3); unset 'a[0]'; a=(\"${a[@]}\" new); a+=(z); echo \"${!a[@]}\" ${#a[@]} ${a[3]}",
    "for i in 1 2; do for j in a b; do [ $j = b ] && break 2; echo $i$j; done; done; "
    "for i in 1 2; do for j in a b; do [ $i = 1 ] && continue 2; echo $i$j; done; done; break; while :; do break 9; done",
    "printf 'x\\ny' | while read l; do echo \"$l\"; done; printf 'x\\ny' | while read l || [ -n \"$l\" ]; do echo $l; done",
    "printf 'abc' | { read x; echo $? $x; }; echo abcdef | { read -n 2 a; read b; echo $a $b; }; read -N 3 z <<< $'a\\nb'; "
    "echo \"$z\"; printf 'a\\0b\\0' | while read -r -d '' f; do echo \"[$f]\"; done; printf 'ab\\\\\\ncd\\n' | { read x; echo $x; }",
    "IFS=: read a b <<< x:y:z; echo $b; IFS=: read a b <<< x:y:; echo $b; read x y <<< ''; echo $? \"[$x]\"",
    'while getopts "ab:c" o -ab val -c rest; do echo "$o ${OPTARG-unset} $OPTIND"; done; OPTIND=1; '
    'while getopts ":x:" o -z -x; do echo "$o $OPTARG"; done; OPTIND=1; set -- -z; getopts ab o 2>&1; echo "$? $o"',
    "mapfile -t -n 2 M <<< $'x\\ny\\nz'; echo ${M[@]}; mapfile -t -s 1 N <<< $'x\\ny'; echo ${N[@]}; mapfile -t -d, D <<< a,b; "
    "echo ${#D[@]}; mapfile -t -O 2 O <<< $'p\\nq'; echo ${!O[@]}; mapfile E < <(printf 'a\\nb'); printf '%s' \"${E[@]}\"",
    "echo abc | cat /dev/stdin; cat /dev/fd/0 <<< x; wc -l < /dev/stdin <<< a; source /dev/stdin <<< 'v=1; echo in'; echo $v",
    "shopt -s nocasematch; [[ FOO == f* ]] && echo a; case X in x) echo b;; esac; [[ AB =~ ^a(b) ]] && echo ${BASH_REMATCH[1]}",
    "select y in one two; do [ -n \"$y\" ] && break; done <<< $'9\\n\\n2' 2>&1; echo $y $REPLY",
    "TIMEFORMAT='x%%'; { time true; } 2>&1; TIMEFORMAT=; { time true; } 2>&1; TIMEFORMAT=%0R; { time :; } 2>&1",
    "printf '%5s|%-5s|%.3s|%u\\n' \u00e9 \u00e9 \u00e9ab -1; caller; echo $?; times | wc -l; f() { caller; }; f",
    "(: ${zz:?}) 2>&1; (: ${zz?}) 2>&1; echo $?; PS4='> '; { set -x; echo a; [[ a == b* ]]; set +x; } 2>&1",
    "printf 'f() {\\n  nosuch1\\n}\\nif true; then\\n  nosuch2\\nfi\\nf\\necho $LINENO\\nfor i in 1; do\\n  cat < /nope\\ndone\\n' > s; "
    "bash s 2>&1",
    "printf 'echo \"a\\nb\"\\nwhile read l; do\\n  foo$l\\ndone <<< z\\necho )\\n' > s; bash s 2>&1; . ./s 2>&1 | tail -2",
    "printf 'echo one\\nif true; then\\n  echo two\\n' > s; bash s 2>&1; echo $?; printf 'echo \"a\\n\\nb' | bash 2>&1",
    "bash -c 'if' 2>&1; bash -c 'echo \"a' 2>&1; bash -c 'echo a\nfoo )' x 2>&1; eval 'echo )' 2>&1; bash -c 'eval \"if\"' 2>&1",
    "cat f > >(tr a b) 2>/dev/null; echo a > >(tr a b); sleep 0.2; echo x | tee >(wc -c) >/dev/null; sleep 0.2",
    "set -- a bb c; echo ${@: -1} ${@:2} \"${*: -1}\"; bash -c 'set -u; echo $nope' 2>&1; echo $?; bash -xc 'b=$(echo $(echo x))' 2>&1",
    "trap 'echo \"ERR $BASH_COMMAND $LINENO\"' ERR; false; exec > >(cat); echo through; sleep 0.3",
    "sort -k2,2n -k1,1r <<< $'a 2\nb 1\nc 2'; mkdir d; touch d/a.log d/b; tar cf t --exclude='*.log' d; tar tf t",
    "printf 'echo ${x' | bash 2>&1; bash -c 'echo $(x' 2>&1; printf 'cat <<E\nx\n' > s; bash s 2>&1; cat <<E 2>&1\nlast",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_script_prints_what_bash_prints(machine: Machine, tmp_path: Path, line: str) -> None:
    assert in_decoy(line, machine) == in_bash(line, tmp_path)


@pytest.mark.parametrize(
    ("line", "text", "errors", "status"),
    [
        ("sh -c 'local x; echo no'", "", "sh: 1: local: not in a function\n", 2),
        ("sh -c 'set -C; echo a > f; echo b > f'", "", "sh: 1: cannot create f: File exists\n", 2),
        ("sh -c 'getopts a o -q; getopts a: p -a; echo $o'", "?\n", "Illegal option -q\n", 0),
        ("printf 'if true; then\\n  nosuch\\nfi\\n' > s; sh s", "", "s: 2: nosuch: not found\n", 127),
        ("sh -c 'if true; then echo'", "", 'sh: 1: Syntax error: end of file unexpected (expecting "fi")\n', 2),
        ("sh -c 'while true; done'", "", 'sh: 1: Syntax error: "done" unexpected (expecting "do")\n', 2),
        ("printf 'echo \"a\nb\n' > s; sh s; sh -c 'echo `a'", "",
         "s: 3: Syntax error: Unterminated quoted string\nsh: 1: Syntax error: EOF in backquote substitution\n", 2),
        ("help true | head -1; suspend", "true: true\n", "-bash: suspend: cannot suspend a login shell\n", 1),
    ],
)  # fmt: skip
def test_what_a_shell_complains_of(run: Player, line: str, text: str, errors: str, status: int) -> None:
    played = run(f"cd /tmp; {line}")
    assert (played.text, played.errors, played.status) == (text, errors, status)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("awk 'BEGIN{print substr(\"hello\",0,3), substr(\"hello\",-1,3), substr(\"hello\",1.5,2), length(\"\u00e9\")}'",
         "hel hell he 2\n"),
        ("awk 'BEGIN{getline; print \"L:\" $0, ARGC, ARGV[0]}' <<< in", "L:in 1 awk\n"),
        ("awk 'BEGIN{printf \"%d %s\\n\"}' 2>&1; echo $?; awk >/dev/null 2>&1; echo $?",
         'awk: run time error: not enough arguments passed to printf("%d %s\n")\n\tFILENAME="" FNR=0 NR=0\n2\n0\n'),
        ("awk '{print' 2>&1; awk 'BEGIN{f(\"x\"' 2>&1; awk '{}}' 2>&1; awk 'BEGIN{print \"a' 2>&1",
         "awk: line 2: missing } near end of file\nawk: line 1: missing ) near end of line\n"
         "awk: line 2: missing } near end of file\nawk: line 1: syntax error at or near }\nawk: line 1: extra '}'\n"
         'awk: line 1: runaway string constant "a ...\n'),
    ],
)  # fmt: skip
def test_awk_is_mawk(run: Player, line: str, text: str) -> None:
    assert run(line).text == text


def test_what_a_job_writes_comes_when_it_ends(machine: Machine) -> None:
    waited = 0.0
    shell = ShellState(apart(machine), machine.users[0], lambda: NOW + waited, ORIGIN, command="-")
    shown = b""
    for effect in Interpreter(shell).run("(sleep 1; echo a) & sleep 2; echo b; (sleep 9; echo d) & sleep 1; echo c"):
        waited += effect.seconds if isinstance(effect, Pause) else 0
        shown += effect.data if isinstance(effect, Print) else b""
    assert shown == b"a\nb\nc\nd\n"
