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
    Attack("awk and cut of a stream", line("yes 'a b c d e f' | awk '{print $3}' | cut -c1 | uniq -c")),
)  # fmt: skip
