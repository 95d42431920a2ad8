# SPDX-License-Identifier: MIT
"""Programs of Perl that try to cost much, or to make what plays them fail."""

from __future__ import annotations

import shlex
import tracemalloc
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.at_scale import at_scale
from tests.decnet_decoys.decky_host import Player, root_shell
from tests.decnet_decoys.shell.hostile import keeps_turns, measured

from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.perl.operators import binary

if TYPE_CHECKING:
    from decnet_decoys.shell.perl.evaluator import Evaluator

_LONG = '$x="a" x 60000; '
_MANY = _LONG + "@a=($x) x 9000; "
SLOW = (
    '$x="[" x 20000; "a" =~ /$x/x',
    'open(F, "a" . " " x 4000 . "a")',
    '$x="-"; $x=quotemeta $x for 1..24',
    '$x="a"; $x=unpack("B*", $x) for 1..7',
    '$f="%d" x 32000; $x=sprintf($f)',
    '$x=pack("C10000" x 7)',
    '$x=pack("(x0x0x0x0)9999" x 14)',
    _LONG + "@b=map { $x.$_ } 10..40; @a=(@b) x 300; @c=sort @a",
    _MANY + '$y=join("", @a)',
    _MANY + '$y="@a"',
    _MANY + "$y=reverse @a",
    _MANY + "print @a",
    _MANY + "die @a",
    _MANY + 'use Digest::MD5 "md5_hex"; md5_hex(@a)',
    _MANY + "use Data::Dumper; $y=Dumper(@a)",
)


@pytest.mark.parametrize("program", SLOW, ids=range(len(SLOW)))
def test_no_step_of_a_program_takes_long(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    measured(Interpreter(shell).run("perl -e '\"a\" =~ /a/'", b""), at_most=5)
    assert keeps_turns(shell, f"perl -e {shlex.quote(program)}", b"", allowed=0.06, at_most=1)


@pytest.mark.parametrize(
    "program", ['$x ^= "b" x 65000', '$y=sprintf("%vd", $x)', '$y=sprintf("%s" x 9999, (1) x 9999)']
)
def test_one_operation_on_the_longest_texts_takes_a_few_milliseconds(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    measured(Interpreter(shell).run("perl -e '\"a\" =~ /a/'", b""), at_most=5)
    whole = '$x="ab\\x{1234}c" x 16000; ' + program
    assert keeps_turns(shell, f"perl -e {shlex.quote(whole)}", b"", allowed=0.012, at_most=1)


@given(st.sampled_from("&|^"), st.text(), st.text())
def test_bitwise_operators_work_on_the_low_bytes_of_characters(operator: str, one: str, other: str) -> None:
    size = min(len(one), len(other)) if operator == "&" else max(len(one), len(other))
    pairs = zip(one[:size].ljust(size, "\0"), other[:size].ljust(size, "\0"), strict=True)
    change = {"&": int.__and__, "|": int.__or__, "^": int.__xor__}[operator]
    expected = "".join(chr(change(ord(a), ord(b)) & 0xFF) for a, b in pairs)
    assert binary(cast("Evaluator", None), operator, one, other) == expected


LARGE = (
    'print length sprintf("%0*b", 100000000, 1)',
    'print length sprintf("%*b", -100000000, 1)',
    _LONG + "push @a, substr($x, 1) for 1..900",
    _LONG + 'for (1..900) { $x =~ /(.*)/; push @a, "", $1 }',
    _LONG + "push @a, uc $x for 1..900",
    _LONG + "push @a, split /b/, $x for 1..900",
    _LONG + 'open($h[$_], "<", \\$x) for 1..900',
    "$h{$_}=1 for 1..9999; " + "local $h{1};" * 120,
    'opendir($d[$_], "/usr/bin") for 1..900',
)


@pytest.mark.parametrize("program", at_scale(LARGE, always=2), ids=range(len(LARGE)))
def test_a_program_takes_little_memory(machine: Machine, program: str) -> None:
    shell = root_shell(machine)
    measured(Interpreter(shell).run("perl -e '\"a\" =~ /a/'", b""), at_most=5)
    tracemalloc.start()
    try:
        measured(Interpreter(shell).run(f"perl -e {shlex.quote(program)}", b""), at_most=3)
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("program", "text", "status"),
    [
        ("print 0x_", "0", 0),
        (f"print {'9' * 400}, rand({'9' * 400}) ? 1 : 0", "Inf1", 0),
        ("print 99999999999999999999", "1e+20", 0),
        ('use List::Util "sum"; print sum(int(1.7e308), int(1.7e308))', "Inf", 0),
        ('print sprintf("%*b|%-*b|%0*b", 5, 2, 5, 2, 5, 2)', "   10|10   |00010", 0),
        ('print 1 if (1..3) =~ /3/; print 2 if (1..3) =~ /x/g', "", 0),
        ('eval "\\"\\\\c\\x{df}\\""; print 2', "2", 0),
        ('$x="a"; print "\\Uabc $x\\E d \\LXY\\E \\uxy"', "ABC A d xy Xy", 0),
        ('$SIG{__DIE__}=sub{die "x\\n"}; die "y\\n"', "", 255),
        ('$SIG{__DIE__}=sub{print "told: @_"; exit 3}; die "y\\n"', "told: y\n", 3),
        ("$SIG{__DIE__}=sub{last}; die 1", "", 255),
        ("$SIG{__DIE__}=\\1; die 1", "", 255),
        ('$x=bless {}; $y=\\1; eval { $x->$y() }; print $@', "Not a CODE reference at -e line 1.\n", 0),
        ("eval { push my ($a, $b), 1 }; print 1", "1", 0),
        ("pos($x)=0; substr($x)=1; substr()=2; print 1", "1", 0),
        ("eval { @a=unpack() }; print 1", "1", 0),
        ("for (1..2) { local $h{a}=$_; print $h{a} } print exists $h{a} ? 1 : 0", "120", 0),
        ("$h{b}=5; { local $h{b}=6; print $h{b} } print $h{b}", "65", 0),
        ('print unpack("b*", "abc"), " ", unpack("B*", "ab"), " ", unpack("B3", "a"), unpack("b*", "")',
         "100001100100011011000110 0110000101100010 011", 0),
        ('print unpack("H*", pack("C3 n2 A2", 1, 2, 3, 4))', "01020300040000" + "2020", 0),
        ('open(F, " < /etc/hostname ") or die; print <F>; open(G, "echo hi |"); print <G>', "web-01\nhi\n", 0),
        ('%h=(a=>1,b=>2); while (($k,$v)=each %h) { print "$k$v" } @a=(7,8); while (($k,$v)=each @a) { print "$k$v" }',
         "a1b20718", 0),
        ('$x="a-b"; $x =~ tr/a-z/_/c; print $x', "a_b", 0),
        ('print "y" if "a]b" =~ /a []x] b/x', "y", 0),
    ],
)  # fmt: skip
def test_what_made_the_player_fail(run: Player, program: str, text: str, status: int) -> None:
    played = run(f"perl -e {shlex.quote(program)} 2>/dev/null")
    assert (played.text, played.status) == (text, status)


@pytest.mark.scale  # of a loop: test_a_program_that_wants_too_much
def test_programs_that_a_program_makes_are_counted(run: Player) -> None:
    assert run("perl -e '$s = q(1,) x 2000; eval $s for 1..70; print 1' 2>/dev/null").status == 137


def test_without_a_place_to_print_nothing_is_shown(run: Player) -> None:
    assert run("echo a | perl -pe 'select(STDIN)'").status == 0


def test_a_file_is_saved_that_the_program_no_longer_knows(run: Player) -> None:
    program = 'sub w { open(my $f, ">", "/tmp/w"); print $f "in\\n" } w(); system("cat /tmp/w"); '
    program += 'open(A, ">>/tmp/w"); print A "x"'
    assert run(f"perl -e {shlex.quote(program)}; cat /tmp/w").text == "in\nin\nx"


def test_a_variable_that_the_shell_has_fixed_stays(run: Player) -> None:
    line = "readonly FIXED=1; export FIXED; perl -e '$ENV{FIXED}=2; $ENV{FREE}=3; print `echo $FIXED \\$FREE`'"
    assert run(line.replace("$FIXED ", "\\$FIXED ")).text == "1 3\n"
