# SPDX-License-Identifier: MIT
"""/bin/sh is dash: what it has not of bash, how it complains, and at which line (as Debian 12's dash 0.5.12 does)."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time

import pytest
from tests.decnet_decoys.decky_host import Player

from decnet_decoys.shell.environment.dash import in_words_of_dash

MakePlayer = Callable[..., Player]
SCRIPT = "printf '#!/bin/sh\\necho hi\\nnosuch\\n\\ncd /nosuch\\n' > /tmp/x.sh; chmod +x /tmp/x.sh; "


@pytest.mark.parametrize(
    ("line", "text", "errors", "status"),
    [
        ("sh -c nosuch", "", "sh: 1: nosuch: not found\n", 127),
        ("sh -c 'cd /nosuch'", "", "sh: 1: cd: can't cd to /nosuch\n", 2),
        ("sh -c '/nosuch; ./etc'", "", "sh: 1: /nosuch: not found\nsh: 1: ./etc: not found\n", 127),
        ("sh -c 'echo a > /nosuch/b'", "", "sh: 1: cannot create /nosuch/b: Directory nonexistent\n", 2),
        ("sh -c 'cat < /nosuch'", "", "sh: 1: cannot open /nosuch: No such file\n", 2),
        ("sh -c '. ./nosuch; echo no'", "", "sh: 1: .: cannot open ./nosuch: No such file\n", 2),
        ("sh -c 'source x'; sh -c '[[ a = a ]]'", "", "sh: 1: source: not found\nsh: 1: [[: not found\n", 127),
        ('sh -c \'echo -e "a\\tb"; echo -n x; echo "c\\nd"\'', "-e a\tb\nxc\nd\n", "", 0),
        ("sh -c 'a=(1)'", "", 'sh: 1: Syntax error: "(" unexpected\n', 2),
        ("sh -c 'cat <<< x'", "", "sh: 1: Syntax error: redirection unexpected\n", 2),
        ("sh -c 'echo \"abc'", "", "sh: 1: Syntax error: Unterminated quoted string\n", 2),
        ("sh -c 'echo {a,b} $UID'; sh -c \"echo \\$'a'\"", "{a,b}\n$a\n", "", 0),
        ("sh -c 'x=abc; echo ${x:1}; echo no'", "", "sh: 1: Bad substitution\n", 2),
        ("sh -c 'set -euo pipefail; echo no'", "", "sh: 1: set: Illegal option -o pipefail\n", 2),
        ("sh -c '[ a == a ] && echo y'", "", "sh: 1: [: a: unexpected operator\n", 2),
        (
            f"{SCRIPT}/tmp/x.sh; cd /tmp; sh x.sh; bash x.sh",
            "hi\nhi\nhi\n",
            "/tmp/x.sh: 3: nosuch: not found\n/tmp/x.sh: 5: cd: can't cd to /nosuch\nx.sh: 3: nosuch: not found\n"
            "x.sh: 5: cd: can't cd to /nosuch\nx.sh: line 3: nosuch: command not found\n"
            "x.sh: line 5: cd: /nosuch: No such file or directory\n",
            1,
        ),
        ("echo 'nosuch; echo -e hi' | sh", "-e hi\n", "sh: 1: nosuch: not found\n", 0),
        ("echo y | sh -c 'read a; echo $a'; echo z | bash -c cat", "y\nz\n", "", 0),
        ("printf '#!/usr/bin/env python3\\nprint(2)\\n' > /tmp/p; chmod +x /tmp/p; /tmp/p", "2\n", "", 0),
        ("dash -c 'for i in 1 2; do echo $i; done; f() { local a=1; echo $a; }; f'", "1\n2\n1\n", "", 0),
        ("sh -c 'bash -c \"echo {a,b}\"; echo {a,b}'; echo {a,b}", "a b\n{a,b}\na b\n", "", 0),
    ],
)
def test_sh_is_dash(player: MakePlayer, line: str, text: str, errors: str, status: int) -> None:
    played = player("debian-web", "root")(line)
    assert (played.text, played.errors, played.status) == (text, errors, status)


def test_the_shell_of_busybox_is_no_dash(player: MakePlayer) -> None:
    assert player("nas", "root")("sh -c 'echo -e \"a\\tb\"'").text == "a\tb\n"


def test_a_long_path_is_complained_of_at_once() -> None:
    def seconds(path: str) -> float:
        began = thread_time()
        in_words_of_dash(path)
        return thread_time() - began

    for end in (": Permission denied", ": command not found", "", ":"):
        assert min(seconds("/" * 60_000 + end) for _ in range(5)) < 0.02  # one of them meets no garbage collection
    assert in_words_of_dash("/a/b: Is a directory") == "/a/b: Permission denied"
    assert in_words_of_dash("a: Is a directory") == "a: Is a directory"
