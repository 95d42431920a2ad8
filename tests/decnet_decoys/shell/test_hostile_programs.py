# SPDX-License-Identifier: MIT
"""Whatever an attacker gives to the languages within the shell, the outcome is bounded output and a status.

Lines are made of pieces of each language, which come further than random text. A line that goes on for ever is left
after a while, as the session's end leaves it.
"""

from __future__ import annotations

import shlex
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import root_shell
from tests.decnet_decoys.shell.hostile import measured
from tests.examples import examples

from decnet_decoys.shell.commands.busybox.words import APPLETS
from decnet_decoys.shell.effects import Effects, Print
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.access import KERNEL
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.programs import programs
from decnet_decoys.shell.streams import MAX_OUTPUT

PER_LINE = 0.1
"""Processor seconds after which a line is left."""
HELD = 16 << 20
"""Bytes of a session's memory that one line may hold."""
FILE = b"b 2\na 1\n\xff\n\n"

AWK = (
    "BEGIN", "END", "{", "}", "(", ")", "[", "]", "$", "$0", "$NF", "NF", "x", "a[1]", "a[x]", "f(", "function f(x){",
    "if(", "else", "while(", "for(", "for(k in a)", "do", "break", "continue", "next", "exit", "return", "delete", "in",
    "print", "printf", "getline", "<", ">", ">>", "|", '"cat"', '"/tmp/f"', "/a/", "/(/", "~", "+", "-", "/", "%", "^",
    "++", "=", "+=", "&&", "!", "?", ":", ",", ";", "\n", "1", "0", "1e400", "0x" + "f" * 300, "log(0)", "log(-1)",
    '"%c"', '"%*d"', '"%.*f"', "length", "substr(", "index(", "split(", "sub(", "gsub(", "match(", "sprintf(", "atan2(",
    "exp(", "srand(", "tolower(", "system(", "close(", "strftime(", "FS", "RS", 'CONVFMT="%999999999d"', 'OFMT="%s"',
    "ENVIRON", '"\\"', "-1", "99999999999",
)  # fmt: skip
SED = (
    "s/a/b/", "s/", "/g", "p", "d", "D", "G", "h", "H", "N", "n", "P", "Q5", "x", "z", "=", "l", "a\\", "i x", "c x",
    "y/ab/xy/", "y/a/", "b", "t", "ba", ":a", "{", "}", "1", "$", "2,3", "/a/", "/(/", "\\,a,", "0~2", "1~0", "+3",
    "~4", "!", ";", "\n", "r /tmp/f", "w /tmp/f", "w /tmp", "w", "r /", "R /x", "s/\\(a\\)/\\1\\2/", "s/x*/-/g",
    "s/a/\\U&/", "e", "#n", "I", "s//x/", "s/a/aa/;ta", "0", "99999999999", "\\", "[", "s/[/]/x/", "\u00b2", "\u0661",
)  # fmt: skip
EXPRESSIONS = (
    "a", "b", "*", "+", "?", "{", "}", "{2}", "{1,", "{,}", "{999}", "{1000}", "\\{", "\\{1,2\\}", "(", ")", "\\(",
    "\\)", "|", "\\|", "[", "]", "[^", "[:alpha:]", "[[:foo:]]", "z-a]", "\\", "\\1", "\\w", "\\<", ".", "^", "$",
    "(?:", "(?i)", "(?P<x>", "(?<=a)", "\\p{L}", "\u00e9", "\udcff",
)  # fmt: skip
BASH = (
    "${x", "${x//a/xx}", "${x:1:2}", "${x: -1}", "${a[@]}", "a[999999999999]=1", "a=(1 2)", "a+=(3)", "${!a[@]}",
    "${#a}", "${x@Q}", "${x^^}", "${!x*}", "[[", "]]", "[[ a =~ (", "-eq", "((", "))", "$((", "1/0", "2**64", "9#9",
    "37#z", "x=x", "x++", "<(", "id", ")", ">(", "<<<", "$x", "/dev/tcp/192.0.2.1/80", "exec 3<>", ">&3", "2>&1",
    "{1..99999999}", "{a..z..0}", "for", "((;;))", "in", "do", "done", "while", "case", "esac", "select", "if", "then",
    "fi", "f()", "{", "}", "f", ";", "|", "&&", "&", "\n", "<<E", "\nE\n", '"', "'", "`", "$'\\u'", "$'\\U110000'",
    "\\", "echo", "printf", "%*d", "%(%s)T", "read", "-a", "declare", "-A", "local", "export", "unset", "set", "--",
    "trap", "EXIT", "eval", "source", "shift", "99", "return", "exit", "test", "[", "]", "let", "getopts", "mapfile",
    "a[", "*", "~", "!", "$!", "\u00e9", "\udcff", "\u00b2", "a[\u00b2]",
)  # fmt: skip
PYTHON = (
    "print", "(", ")", "[", "]", "{", "}", ",", "'a'", "b'%99d'", "1", "0", "-1", "1e400", "1j", "*", "**", "+", "-",
    "/", "//", "%", "<<", "(1,)", "[1]", "4096", "10**200", "x", "x=", "for i in ", "range(9)", "range(0,9,0)", ":",
    "\n", "\n  ", "if ", "import os;", "os", ".", "getcwd()", "upper", "join", "encode", "('foo')", "split", "len",
    "str", "int", "chr", "list", "sorted", "sum", "max", "[::2]", "[::0]", "lambda", "f'{x}'", "None", "not ", "==",
    ";", "print(", "sep=1", "*x", "**y", "...", "\u00e9", "\0", "\udcff",
)  # fmt: skip
PERL = (
    "print ", "printf ", "say ", "$x", "$x=", "my $x = ", "$_", "$F[0]", "$F[-9999]", "$ENV{HOME}", "@ARGV",
    "shift", "$.",
    '"$x\\n"', '"${x"', "'a'", "1..9", "99999999..1", "1..99999999", "qw(a b)", "join(',',", "x 9999", "x $x",
    "++", "--",
    "+=", ".=", "**", "/", "%", "/0", "<", ">", "==", " eq ", "(", ")", "{", "}", ";", ",", ".", "\n", "for ",
    "for my $i (",
    "while(", "until(", "if(", "unless ", "1", "-1", "9" * 40, "`id`", "`", '"', "'", "\\", "exit ", "die ", "uc ",
    "chr(",
    "hex(", "oct(", "chomp",
    "next", "last", "s/a/b/g", "m/", "# x\n", "system('id')", "exec ", "\u00b2", "\u0661", "\u00e9", "\udcff",
    "\0",
)  # fmt: skip
NUMBERS = ("\u00b2", "\u0661", "0", "-1", "+1", "1", "99999999999999999999", "9" * 5000, "1e400", "nan", "1,2", "5-2")
OPERANDS = (*NUMBERS, "/tmp/f", "/tmp/none", "/tmp", "-", "--", "", "a", "*", "%*d", "%(%Y)T", "[", "\\", "x=\u00b2")
COMMANDS = (
    "sort -k", "sort -t", "sort", "cut -f", "cut -d", "od -N", "od -t", "od -w", "base64 -w", "base64 -d", "tar c",
    "tar xzf", "tar tf", "head -n", "head -c", "tail -n", "seq", "printf", "gzip -d", "gunzip -c", "zcat", "xz -d",
    "unzip", "xxd -r", "xxd -c", "hexdump -n", "tr", "fold -w", "expand -t", "nl -w", "join -1", "paste -d", "uniq -f",
    "split -l", "dd bs=1", "truncate -s", "date -d", "find -size", "find /tmp -exec", "xargs -n", "expr", "test",
    "diff -U", "sleep", "timeout", "kill", "chmod", "chown", "useradd -u", "history", "ulimit", "umask", "ping -c",
    "curl", "wget -O", "nc -p", "readelf -h", "readelf -d", "objdump -f", "size", "ssh-keygen -lf",
    "ssh-keygen -l -E md5 -f", "sshd -T -f", "du -d", "shuf -i", "bunzip2 -c", "uudecode", "grep -A", "sed -i",
    "awk -F", "ps -p",
)  # fmt: skip


def joined(pieces: tuple[str, ...], separators: tuple[str, ...], most: int) -> st.SearchStrategy[str]:
    texts = st.one_of(st.sampled_from(pieces), st.sampled_from(pieces), st.sampled_from(pieces), st.text(max_size=4))
    return st.builds(str.join, st.sampled_from(separators), st.lists(texts, min_size=1, max_size=most))


AWK_LINES = st.builds(
    lambda layout, program: "printf 'a b\\nc 3\\n\\n' | awk " + shlex.quote(layout % program),
    st.sampled_from(("%s", "BEGIN {%s}", "{%s}", "BEGIN {%s")),
    joined(AWK, (" ",), 9),
)
SED_LINES = st.builds(
    lambda option, program: f"printf 'aab\\nc\\n\\nd\\n' | sed {option} {shlex.quote(program)}",
    st.sampled_from(("", "-n", "-E", "-z", "-s", "-i -e", "-f")),
    joined(SED, ("", ";", "\n"), 6),
)
GREP_LINES = st.builds(
    lambda command, pattern: f"printf 'aab\\nc\\n\\nd\\xff\\n' | {command} {shlex.quote(pattern)}",
    st.sampled_from(("grep", "grep -E", "grep -P", "grep -F", "grep -oE", "grep -m", "[[ aab =~")),
    joined(EXPRESSIONS, ("",), 8),
)
BASH_LINES = joined(BASH, ("", " "), 10)
PROGRAM_LINES = st.builds(
    lambda interpreter, program: f"{interpreter}{shlex.quote(program)}",
    st.sampled_from(("python3 -c ", "python3 -c ", "perl -e ", "perl -e 'print '")),
    joined(PYTHON, ("",), 12),
)
PERL_LINES = st.builds(
    lambda options, program: f"perl {options} {shlex.quote(program)} /tmp/f",
    st.sampled_from(("-e", "-e", "-le", "-ne", "-pe", "-lane", "-F: -ane", "-pi -e")),
    joined(PERL, ("", " "), 12),
)
COMMAND_LINES = st.builds(
    lambda command, operands: f"cat /tmp/f | {command} {' '.join(map(shlex.quote, operands))}",
    st.sampled_from(COMMANDS),
    st.lists(st.sampled_from(OPERANDS), max_size=4),
)


def counted(effects: Effects, shown: list[int]) -> Effects:
    """Pass all effects on and keep the sizes of what is printed."""
    reply = None
    try:
        while True:
            effect = effects.send(reply)
            if isinstance(effect, Print):
                shown.append(len(effect.data))
            reply = yield effect
    except StopIteration as end:
        return int(end.value)
    finally:
        effects.close()


def check(machine: Machine, line: str, stdin: bytes | None = None) -> None:
    shell, shown = root_shell(machine), list[int]()
    shell.files.write("/tmp/f", FILE, KERNEL)
    before = shell.lease.held
    measured(counted(Interpreter(shell).run(line, stdin), shown), at_most=PER_LINE, answer=b"x y\n1\n")
    assert 0 <= shell.status < 256
    assert sum(shown) <= 2 * MAX_OUTPUT
    assert shell.lease.held - before <= HELD


@given(AWK_LINES)
def test_any_awk_program(machine: Machine, line: str) -> None:
    check(machine, line)


@given(SED_LINES)
def test_any_sed_script(machine: Machine, line: str) -> None:
    check(machine, line)


@given(GREP_LINES)
def test_any_regular_expression(machine: Machine, line: str) -> None:
    check(machine, line)


@given(BASH_LINES)
def test_any_line_of_bash(machine: Machine, line: str) -> None:
    check(machine, line)


@given(PROGRAM_LINES)
def test_any_one_liner_of_python_and_perl(machine: Machine, line: str) -> None:
    check(machine, line)


@given(PERL_LINES)
def test_any_line_of_perl(machine: Machine, line: str) -> None:
    check(machine, line)


@given(COMMAND_LINES)
def test_any_operands(machine: Machine, line: str) -> None:
    check(machine, line)


NAMES = (
    "$'a\\n\\nb'",
    "$'a\\tb'",
    "$'\\xff\\xfe'",
    "$'a b\\n'",
    "$'\\n'",
    "$'\\e[1m: x=\\u2019'",
    "$'\\x85\\u2028\\f\\x1c'",
)
APPLETS_AND_PROGRAMS = (*sorted(programs()), *(f"busybox {applet}" for applet in APPLETS))
FORMS = (
    "%s %s", "%s -l %s", "%s -c %s %s", "%s x %s", "%s -f %s /tmp/x", "cat %s | %s -a -- %s", "%s -%s", "%s --%s=x",
)  # fmt: skip


@given(st.sampled_from(APPLETS_AND_PROGRAMS), st.sampled_from(FORMS), st.sampled_from(NAMES))
@settings(max_examples=examples(400))
def test_names_with_ends_of_lines_and_bytes_that_are_no_text(
    machine: Machine, program: str, form: str, name: str
) -> None:
    words = [name] * form.count("%s")
    words[form.startswith("cat")] = program
    check(machine, f"cd /tmp; printf 'b 2\\na 1\\n' > {name};" + form % tuple(words))


@given(
    st.sampled_from(
        ("gzip -d", "tar xzf -", "tar tf -", "bunzip2", "xz -d", "base64 -d", "xxd -r", "uudecode", "zcat")
    ),
    st.sampled_from((b"", b"\x1f\x8b\x08\0", b"BZh9", b"\xfd7zXZ\0", b"begin 644 x\n", b"a\0" * 50 + b"0000644\0")),
    st.binary(max_size=600),
)
def test_any_archive_or_encoded_text(machine: Machine, command: str, head: bytes, data: bytes) -> None:
    check(machine, command, head + data)


@pytest.mark.parametrize("kind", [b"x", b"L"], ids=["pax headers", "long names"])
def test_an_archive_whose_headers_follow_each_other_without_end(machine: Machine, kind: bytes) -> None:
    info = tarfile.TarInfo("a")
    info.type, info.size = kind, 1 if kind == b"L" else 0
    block = info.tobuf(tarfile.USTAR_FORMAT)
    check(machine, "tar tf -", (block + (bytes(512) if info.size else b"")) * 900 + bytes(1024))


def test_an_archive_whose_member_is_larger_than_any_file(machine: Machine) -> None:
    info = tarfile.TarInfo("a")
    info.size = 1 << 80
    check(machine, "tar xf - -C /tmp", info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


@pytest.mark.parametrize(
    "line",
    [
        "awk 'BEGIN {exit log(0)}'",
        'awk \'BEGIN {print substr("abc", log(0)), 0xffff, (-8)^0.5; printf "%*d", -999999999, 1}\' | wc -c',
        "awk 'BEGIN {print " + "1+" * 900 + "1}'",
        "awk 'BEGIN {print > \"/tmp/made\"; while (1);}'",
        "sed 'w /tmp/made\n:a;ba' /tmp/f",
        "sed -n 'w /nowhere/x' /tmp/f",
        "python3 -c 'a=(1,)*4096\nb=a*4096\nc=b*4096'",
        'python3 -c \'print("x".encode("nothing"))\'',
        "echo '(2^6000)*(2^6000)' | bc; echo 'x=2^6900;x*x;x+x;length(x);sqrt(x)' | bc",
        "echo 'l(0);l(-1);e(9999999)' | bc -l; echo 's(2^4000);c(10^3000)' | bc -l",
        "printf 'a b\\n' > $'a\\n\\nb'; busybox wc $'a\\n\\nb'",
        "printf '%(%Y)T' 99999999999999999999; date -d @99999999999999999999; date -d @-99999999999999999999",
    ],
)
def test_what_once_went_wrong(machine: Machine, line: str) -> None:
    check(machine, line)
