# SPDX-License-Identifier: MIT
"""One-liners of Perl with a variable, a loop or fields of lines, as Debian's Perl 5.36 plays them."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.decky_host import Player


@pytest.mark.parametrize(
    ("line", "text", "status"),
    [
        ('perl -e \'$x="abc"; print uc($x), " ", length $x, "\\n"\'', "ABC 3\n", 0),
        ("perl -e 'for $i (1..3) { print \"$i\\n\" }'", "1\n2\n3\n", 0),
        ('perl -e \'my $n=0; while ($n<3) { print $n++, " " } print "\\n"\'', "0 1 2 \n", 0),
        ("perl -e 'for (my $i=0; $i<3; $i++) { print \"i=$i \" }'", "i=0 i=1 i=2 ", 0),
        ('perl -e \'$s+=$_ for 1..4; print "$s\\n"; print 7/2, " ", 1.5\'', "10\n3.5 1.5", 0),
        ('perl -e \'$y="a"."b"; $y.="c"; print "$y\\n" unless $y eq "x"; print "no" if "a" eq "b"\'', "abc\n", 0),
        ('perl -e \'print join(",", 1..4), "\\n"; print "$_;" for qw(a b)\'', "1,2,3,4\na;b;", 0),
        ("perl -e 'print `echo bt`; $x=`id -u`; chomp $x; print \"<$x>\"'", "bt\n<0>", 0),
        ('perl -e \'printf "%x %03d %s\\n", 255, 7, "z"\'', "ff 007 z\n", 0),
        ("perl -e 'print \"$ENV{HOME} $0 @ARGV $ARGV[1]\\n\"' a b", "/root -e a b b\n", 0),
        ("perl -e 'print \"a\\$x \\@b\\n\"; exit 4; print 1'", "a$x @b\n", 4),
        ("perl -F: -lane 'print \"$F[0] $F[2]\" if $F[2]==0' /etc/passwd", "root 0\n", 0),
        (
            "printf 'a b\\nc d\\n' | perl -lane 'print $F[1]'; printf 'x\\ny\\n' | perl -ne 'print \"$.$_\"'",
            "b\nd\n1x\n2y\n",
            0,
        ),
        ("printf 'web\\n' > /tmp/h; perl -pi -e 's/web/db/' /tmp/h; cat /tmp/h", "db\n", 0),
        ("echo 'print \"from $0\\n\"; # print 2\nexit 3' > /tmp/p.pl; perl /tmp/p.pl", "from /tmp/p.pl\n", 3),
        ("echo 'print \"in\\n\"' | perl; perl -c -e 'print 1'", "in\n", 0),
        ("perl -e 'for (1..9) { next if $_ == 2; last if $_ > 3; print } print \"end\"; next; print 1'", "13end", 0),
        ("printf 'a\\nb\\nc\\n' | perl -ne 'next if $. == 2; print'", "a\nc\n", 0),
        (
            'perl -MMIME::Base64 -e \'print decode_base64("aGkK"), encode_base64("hi"), decode_base64("a")\'',
            "hi\naGk=\n",
            0,
        ),
        ('perl -e \'printf "%c%c|%s|%s\\n", 65, 66, "007", 3000000000; print 0.1+0.2\'', "AB|007|3000000000\n", 0),
        ("perl -pi -e 's/a/b/' /tmp/nosuch; perl -pi -e 's/a/b/' /tmp; ls /tmp/nosuch", "", 2),
        ("perl -e 'print 1 +'", "", 255),
        ("perl /nosuch", "", 2),
        ("perl -e 'until ($x) { $x = nosuch() } print \"after\"'", "", 137),
        ("perl -e 'unless (nosuch()) { print 1 } while (nosuch()) { print 2 } print \"after\"'", "after", 0),
    ],
)
def test_a_line_of_perl(run: Player, line: str, text: str, status: int) -> None:
    played = run(line)
    assert (played.text, played.status) == (text, status)


def test_a_loop_without_end_uses_up_the_line(run: Player) -> None:
    assert run("perl -e 'while (1) { $x++ }'; echo after").status == 137


def test_what_a_program_prints_is_bounded(run: Player) -> None:
    played = run('perl -e \'$x = "ab"; for (1..99) { $x .= "$x$x" } print length($x), "\\n"\'')
    assert played.text == "4096\n"


def test_lines_that_are_too_long_for_a_variable_stay_whole(run: Player) -> None:
    assert run("head -c 9000 /dev/zero | tr '\\0' a | perl -pe '$n++' | wc -c").text == "9000\n"
