# SPDX-License-Identifier: MIT
"""awk, sed, grep and the tools of text beside this machine's: the same bytes and exit status for the same line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.decnet_decoys.beside_bash import in_bash, in_decoy
from tests.decnet_decoys.decky_host import Player
from tests.decnet_decoys.shell.hostile import prepared
from tests.decnet_decoys.shell.test_turns import worst

from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.machine.machine import Machine

LINES = (
    r"printf 'a 1\nb 2\n' | awk '{s+=$2} END {print s, NR}'",
    r"printf 'x:y:z\n' | awk -F: -v OFS=- '{$1=$1; print; print NF, $NF, $(NF-1)}'",
    r"""awk 'BEGIN {print 1/3, 10%3, 2^8, length("abc"), toupper("a"), substr("hello",2,3), index("abc","c")}'""",
    r"""printf 'foo\nbar\n' | awk '/foo/{print "got " $0; next} {print "other"}'""",
    r"""echo 'a-b-c' | awk '{n=split($0,p,"-"); for(i=n;i>0;i--) printf "%s%s", p[i], (i>1?",":"\\n")}'""",
    r"""echo 'hello world' | awk '{gsub(/o/,"[&]"); sub("h","J"); print}'""",
    r"""printf '1 2\n3 4\n5 6\n' | awk '$1>1 && $2<6 {printf "%s-%03d\\n", $1, $2} NR==1,NR==2 {c++} END{print c}'""",
    r"awk 'function f(n) {return n<2?n:f(n-1)+f(n-2)} BEGIN{print f(9);while(i<3) {i++; if(i==2) continue; print i}}'",
    r"printf 'b\na\nb\n' | awk '!seen[$0]++'",
    r"""printf 'k 1\nk 2\nj 3\n' | awk '{a[$1]=a[$1] $2} END {print a["k"], ("j" in a), ("z" in a)}'""",
    r"""awk 'BEGIN {"echo out" | getline x; print x; print "b\\na" | "sort"; exit 3}'""",
    r"""awk 'BEGIN {print match("xxabc",/a.c/), RSTART, RLENGTH; print 1==1.0, "a"<"b", 10<9, "10"<"9"}'""",
    r"printf '1\n2\n3\n4\n' | sed -n '2p;$p;2,3{s/^/x/;p}'",
    r"printf '1\n2\n3\n' | sed '1!G;h;$!d'",
    r"printf 'foo123\nbar\n' | sed -E 's/([a-z]+)([0-9]+)/\2\1/;t;s/$/!/'",
    r"printf 'a/b/c\n' | sed 's|/|_|2;y/abc/ABC/;s/.*/[&]/'",
    r"printf 'a\nb\n' | sed -e '/a/i\before' -e '/b/a after' -e 's/b/B/w /dev/null'",
    r"printf 'a\nb\nc\n' | sed 'N;P;D'",
    r"printf 'a\nb\nc\nd\n' | sed ':x;N;$!bx;s/\n/,/g'",
    r"printf 'a\nb\nc\nd\n' | sed '0~2d'; printf 'a\nb\nc\n' | sed '2q'; echo b | sed '/b/c changed'",
    r"printf 'one\ntwo\n' > f; sed -i 's/o/0/g;$!s/e/E/' f; cat f",
    r"printf 'abc\nABC\nabd\n' | grep -in 'ab[cd]'",
    r"printf '1.2.3.4 x 10.0.0.1\n' | grep -oE '([0-9]{1,3}\.){3}[0-9]{1,3}'",
    r"printf 'a\nb\nc\nd\ne\nf\n' | grep -A1 -B1 -n '[be]'",
    r"printf 'word\nwords\n' | grep -w word; printf 'a.c\nabc\n' | grep -F a.c; printf 'x\n' | grep -q y; echo $?",
    r"printf 'aab\na\{2\}\n' | grep 'a\{2\}'; printf 'foo\nbar\n' | grep -cv foo; printf 'a\n' | grep -e b -e a",
    r"mkdir d; echo needle > d/x; echo hay > d/y; grep -rn needle d; grep -rl hay d; grep -L hay d/x d/y; grep z d/q",
    r"printf 'a,2\nb,1\nc,10\n' | sort -t, -k2 -n; printf '1K\n1M\n2\n' | sort -hr; printf 'b\na\nB\n' | sort -f",
    r"printf 'a\na\nb\nb\nb\nc\n' | uniq -c; printf 'a\na\nb\n' | uniq -d; printf 'a\na\nb\n' | uniq -u",
    r"printf 'a:b:c\n' | cut -d: -f1,3 --output-delimiter=-; printf 'abcdef\n' | cut -c2-3,5-",
    r"echo 'aabbcc  d' | tr -s 'a-c '; echo abc123 | tr -cd '0-9\n'; echo hi | tr '[:lower:]' '[:upper:]'",
    r"printf '1\n2\n3\n4\n' | paste - -; printf 'a\nb\n' | paste -sd,; printf 'a b\nccc d\n' | column -t",
    r"printf 'hello\n' | od -c; printf 'hello' | od -An -tx1; printf 'hello' | od -A d -t x1z; echo abc | od",
    r"printf 'hello\n' | hexdump -C; printf 'hello\n' | hexdump",
    r"printf 'a\n' > 1; printf 'a\nb\n' > 2; comm -13 1 2; diff 1 2; cmp 1 2; diff -q 1 2",
    r"printf 'a\nb\nc\n' | head -n -1; printf 'a\nb\nc\n' | tail -n +2; printf 'a\n\n' | cat -A; printf 'x\n\n' | nl",
    r"printf 'abcdefgh\n' | fold -w 3; printf 'x\ty\n' | expand -t 4; printf 'ab\n' | rev; printf '%s' abc | wc -c",
    r"printf 'hello' | base64 -w 4; echo aGVsbG8= | base64 -d; echo '!' | base64 -d; echo $?",
    r"echo abc | gzip -c | gunzip; mkdir t; echo 1 > t/a; tar czf t.tgz t; rm -r t; tar xzvf t.tgz; cat t/a",
    r"dd if=/dev/zero bs=1k count=2 2>/dev/null | tr '\0' x | fold -w 1024 | md5sum; head -c 5 /dev/zero | od -An -tx1",
    r"sed -z 's/\n/,/g' <<< $'a\nb'; printf 'a\0b\0' | sed -zn '2p' | od -c; grep -b -o o <<< foo",
    r"printf 'a\nb\0c\0' | grep -z b | od -c; grep -U a <<< a; grep -bA1 a <<< $'a\nb'; grep -bn b <<< $'a\nb'",
    r"grep -E ')' <<< 'a)'; grep 'a**' <<< b; grep -E '[[:foo:]]' x; echo $?; grep '[a' x; echo $?",
)


@pytest.mark.parametrize("line", LINES)
def test_a_line_prints_what_it_does_here(line: str, machine: Machine, tmp_path: Path) -> None:
    assert in_decoy(line, machine) == in_bash(line, tmp_path)


HOSTILE = (
    "awk 'BEGIN {while (1) i++}'",
    "awk 'BEGIN {while (1) x = x x \"aaaaaaaa\"}'",
    "awk 'BEGIN {while (1) a[i++] = i}'",
    "awk 'function f() {return f()} BEGIN {f()}'",
    "awk '{gsub(/a*b|a/, \"aaaaaaaaaaaaaaaa\"); print}' /tmp/row /tmp/lines",
    "awk 'BEGIN {" + "(" * 5000 + "}'",
    "awk '" + "a;" * 10_000 + "'",
    "awk -F'(a|aa)+$' '{print NF}' /tmp/row",
    "awk 'BEGIN {printf \"%" + "9" * 900 + "s%*d\", 1, 99999999, 2}'",
    "sed ':a;s/a/aa/;ta' /tmp/row",
    "sed ':a;N;$!ba;s/\\n/,/g' /tmp/lines",
    "sed 's/" + "(a*)*" * 300 + "/b/' -E /tmp/row",
    "sed 'G;G;G;h' /tmp/lines",
    "sed '" + "s/a/b/;" * 4000 + "' /tmp/lines",
    "grep -E '(a|aa|aaa)*" + "(b?){50}" + "$' /tmp/row",
    "grep -oE 'a|y' /tmp/row /tmp/lines",
    "grep -P '" + "(a?){1000}" * 4 + "' /tmp/row",
    "grep -E '" + "(" * 900 + "' /tmp/row",
    "grep '" + "[a-" * 500 + "' /tmp/row",
    "sort -t y -k 2,3 -k 1n /tmp/row /tmp/lines | uniq -c",
    "diff /tmp/row /tmp/lines; diff /tmp/lines /tmp/script; cmp /tmp/row /tmp/lines; comm /tmp/lines /tmp/row",
    "tar czf /tmp/t.tgz /tmp /usr; tar xzf /tmp/t.tgz -C /tmp/many; gzip -c /tmp/row | zcat | wc",
    "od -t x1z -t c -t d2 /tmp/row; hexdump -C /tmp/lines; xxd /tmp/row | xxd -r; strings /boot/vmlinuz*",
    "fold -w 1 /tmp/row; cut -c 1-499,1-499 /tmp/row; tr -s a < /tmp/row; paste -s /tmp/lines; column /tmp/lines",
)


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: line[:30])
def test_no_program_or_pattern_keeps_the_loop(line: str, machine: Machine) -> None:
    assert not worst(prepared(machine), line)


@pytest.mark.parametrize(
    ("pattern", "extended", "text", "fits"),
    [
        (rb"a\{2\}", False, b"aa", True),
        (b"a+", False, b"a+", True),
        (b"a+", True, b"aa", True),
        (b"*a", False, b"*a", True),
        (b"[]a]", False, b"]", True),
        (b"[[:digit:]]", True, b"7", True),
        (b"[[:digit:]]", True, b"x", False),
        (rb"\<ab\>", False, b"x ab y", True),
        (rb"\(a\|b\)c", False, b"bc", True),
        (rb"(a)\1", True, b"aa", False),
        (b"a{,3}$", True, b"aaa", True),
        (b"a{x", True, b"a{x", True),
        (rb"[\n]", True, b"\\", True),
    ],
)
def test_posix_patterns(pattern: bytes, extended: bool, text: bytes, fits: bool) -> None:
    assert compiled(pattern, extended=extended).fits(text) == fits


@pytest.mark.parametrize("pattern", [b"[a", b"(a", b"a\\", b"a" * 5000])
def test_what_is_no_pattern_is_refused(pattern: bytes) -> None:
    with pytest.raises(BadPatternError):
        compiled(pattern, extended=True)


def test_a_pattern_of_a_few_bytes_that_is_a_long_program_is_refused() -> None:
    with pytest.raises(BadPatternError, match="too big"):
        compiled(b"(a?){1000}" * 20, extended=True, perl=True)


@pytest.mark.parametrize("word", ["length", "match", "index", "\\("])
def test_expr_of_many_words_within_each_other_is_no_expression(run: Player, word: str) -> None:
    played = run(f"expr {f'{word} ' * 3000} a a")
    assert (played.text, played.status) == ("", 2)
