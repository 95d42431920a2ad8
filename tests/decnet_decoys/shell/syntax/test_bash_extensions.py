# SPDX-License-Identifier: MIT
"""What droppers write that POSIX's shell does not know."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player, outcome

from decnet_decoys.shell.environment.variables import MAX_VARIABLES
from decnet_decoys.shell.syntax.nodes import IncompleteError
from decnet_decoys.shell.syntax.parser import parse


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[[ -f /etc/passwd && 1 == 1 ]] && echo yes", "yes\n"),
        ("[[ -d /etc/passwd || -z x ]] || echo no", "no\n"),
        ("(( x = 3 )); echo $x; (( x++ )); echo $x; ((x > 3)) && echo more", "3\n4\nmore\n"),
        ("y=2; let y*=4+1; echo $y; let --y; echo $y", "10\n9\n"),
        ("for ((i = 0; i < 3; i++)); do echo -n $i; done", "012"),
        ("for ((;;)); do echo once; break; done", "once\n"),
        ("n=2; for ((i=0; i<$n; i+=1)); do echo $i; done", "0\n1\n"),
        ('a=(1 "2 x" 3); echo ${a[1]} ${#a[@]} $a; for q in ${a[@]}; do echo -n .$q; done', "2 x 3 1\n.1.2.x.3"),
        ("a=(\none\ntwo\n); echo ${a[1]}", "two\n"),
        ("function f { echo $1; }; f in; function g() { echo $1; }; g out", "in\nout\n"),
        ("set -- a 'b c'; echo $1 $# $2", "a 2 b c\n"),
        ("((echo a); echo b)", "a\nb\n"),
    ],
)
def test_bashisms(run: Player, line: str, shown: str) -> None:
    assert run(line).text == shown


@pytest.mark.parametrize("line", ["(( 1 + ))", "let a=", "let ''"])
def test_what_cannot_be_computed_fails(run: Player, line: str) -> None:
    assert run(line).status == 1


@pytest.mark.parametrize("line", ["[[ -f", "a=(1 2", "for ((i=0", "function f {"])
def test_what_is_not_complete_asks_for_more(line: str) -> None:
    assert isinstance(outcome(parse(line)), IncompleteError)


def test_let_makes_no_more_variables_than_there_may_be(run: Player) -> None:
    for start in range(0, 2 * MAX_VARIABLES, 100):
        run("; ".join(f"let v{number}=1" for number in range(start, start + 100)))
    assert len(run.shell.variables) <= MAX_VARIABLES


def test_the_body_of_a_for_may_stand_in_braces(run: Player) -> None:
    assert run("for ((i=0;i<2;i++)) { echo $i; }; for i in a b; { echo $i; }").text == "0\n1\na\nb\n"
    assert run("while true; { echo x; }").status == 2
    assert run("sh -c 'for i in 1; { echo x; }'").status == 2
