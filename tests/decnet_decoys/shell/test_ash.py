# SPDX-License-Identifier: MIT
"""ash, the shell of BusyBox: what telnet bots ask for, and how BusyBox words what GNU's programs say (BusyBox 1.35)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import Player

from decnet_decoys.shell.environment.ash import in_words_of_ash

MakePlayer = Callable[..., Player]


@pytest.mark.parametrize(
    ("line", "errors", "status"),
    [
        ("nosuch", "sh: nosuch: not found\n", 127),
        ("cd /nosuch", "sh: cd: line 0: can't cd to /nosuch: No such file or directory\n", 2),
        ("/nosuch", "sh: /nosuch: not found\n", 127),
        ("/etc", "sh: /etc: Permission denied\n", 126),
        ("echo a > /nosuch/x", "sh: can't create /nosuch/x: nonexistent directory\n", 1),
        ("cat < /nosuch", "sh: can't open /nosuch: no such file\n", 1),
        ("kill x", "sh: invalid number 'x'\n", 1),
        ("kill 99999", "sh: can't kill pid 99999: No such process\n", 1),
        ("fi", 'sh: syntax error: unexpected "fi"\n', 2),
        ("exit x", "sh: exit: line 0: Illegal number: x\n", 2),
        ("echo $((1/0))", "sh: divide by zero\n", 2),
        ("test 1 -eq x", "sh: x: bad number\n", 2),
    ],
)
def test_ash_complains_in_its_own_words(run: Player, player: MakePlayer, line: str, errors: str, status: int) -> None:
    in_applet, on_device = run(f"busybox sh -c '{line}'"), player("nas", "root")(f"sh -c '{line}'")
    assert in_applet.errors == errors
    assert on_device.errors == errors
    assert in_applet.status == on_device.status or status == 2
    assert status in (in_applet.status, 2)


def test_a_script_of_ash_tells_its_lines(run: Player) -> None:
    answer = run("printf 'true\\nnosuch\\ncd /nosuch\\n' > /tmp/x; busybox sh /tmp/x; busybox sh /nosuch; nosuch")
    assert answer.errors == (
        "/tmp/x: line 2: nosuch: not found\n/tmp/x: cd: line 3: can't cd to /nosuch: No such file or directory\n"
        "sh: can't open '/nosuch': No such file or directory\n-bash: nosuch: command not found\n"
    )


def test_a_script_that_names_its_shell_complains_as_that_does(run: Player) -> None:
    run("printf '#!/bin/sh\\nnosuch\\n' > /tmp/d; printf '#!/bin/bash\\nnosuch\\n' > /tmp/b; chmod +x /tmp/d /tmp/b")
    answer = run("busybox sh -c '/tmp/d; /tmp/b; nosuch'")
    assert answer.errors == (
        "/tmp/d: 2: nosuch: not found\n/tmp/b: line 2: nosuch: command not found\nsh: nosuch: not found\n"
    )


def test_ash_is_no_dash(run: Player) -> None:
    answer = run("busybox sh -c 'x=aab; echo ${x/a/b} ${x:1:1}; [[ a == a* ]] && echo -e \"a\\tb\"'")
    assert (answer.text, answer.errors) == ("bab a\na\tb\n", "")


@pytest.mark.parametrize(
    ("line", "text", "errors"),
    [
        ("rmdir /nosuch; busybox md5sum /nosuch", "",
         "rmdir: '/nosuch': No such file or directory\nmd5sum: can't open '/nosuch': No such file or directory\n"),
        ("chown x /tmp; busybox chown x:y /tmp", "", "chown: unknown user x\nchown: unknown user/group x:y\n"),
        ("env nosuch; busybox stat /nosuch", "",
         "env: can't execute 'nosuch': No such file or directory\n"
         "stat: can't stat '/nosuch': No such file or directory\n"),
        ("wc -l /etc/hostname", "1 /etc/hostname\n", ""),
        ("wc -lw /etc/hostname", "        1         1 /etc/hostname\n", ""),
        ("date -u -d @0; busybox kill -l | head -2", "Thu Jan  1 00:00:00 UTC 1970\n 1) HUP\n 2) INT\n", ""),
        ("kill; busybox kill -XX 1; busybox killall", "",
         "kill: you need to specify whom to kill\nkill: bad signal name 'XX'\n"
         "killall: you need to specify whom to kill\n"),
    ],
)  # fmt: skip
def test_applets_word_and_lay_out_as_busybox_does(run: Player, line: str, text: str, errors: str) -> None:
    answer = run(f"LANG=C; busybox {line}")
    assert (answer.text, answer.errors) == (text, errors)


def test_programs_of_a_small_device_are_applets(player: MakePlayer) -> None:
    answer = player("nas", "root")("rmdir /nosuch; cat /nosuch; chown x /tmp")
    assert answer.errors == (
        "rmdir: '/nosuch': No such file or directory\ncat: can't open '/nosuch': No such file or directory\n"
        "chown: unknown user x\n"
    )


def test_a_small_device_tells_what_is_missing(player: MakePlayer) -> None:
    answer = player("nas", "root")("rmdir")
    assert answer.errors.startswith("rmdir: missing operand\n")
    assert answer.status == 1


def test_kill_lists_as_the_shell_does(run: Player) -> None:
    answer = run("dash -c 'kill -l' | sed -n '1,2p;17p;65p'; kill -l 0 EXIT 64 129; dash -c 'kill -l 9; kill -l HUP'")
    assert answer.text == "0\nHUP\n16\nRTMAX\nEXIT\n0\nRTMAX\nHUP\nKILL\n"
    assert answer.errors == "dash: 1: kill: Illegal number: HUP\n"


@given(st.text(max_size=60))
def test_any_message_has_words(message: str) -> None:
    builtin, text = in_words_of_ash(message)
    assert len(builtin) + len(text) <= 2 * len(message) + 40
