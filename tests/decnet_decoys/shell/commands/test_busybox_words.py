# SPDX-License-Identifier: MIT
"""How applets of BusyBox say what GNU's programs say otherwise: as Debian 12's does, and in a turn whatever is said."""

from __future__ import annotations

import time

import pytest
from tests.decnet_decoys.decky_host import Player

from decnet_decoys.shell.commands.busybox.words import _WORDS, MAX_TEXT, said
from decnet_decoys.shell.state import ShellState

PIECES = (
    ": ", "'", "\u2018\u2019", "'x': ", "x", "failed to execute ", "' => ", "kill: ", "(1) - ", " - ", ".gz: ", "\n",
    ": No such file or directory", ": No such file or directory\n", "records out\n1 bytes copied", "\n1 bytes",
    ": Cannot open: ", ": Cannot open: x\n", ": no process found", ": arguments must be process or job IDs",
)  # fmt: skip


@pytest.mark.parametrize("name", _WORDS)
def test_a_long_complaint_is_reworded_in_a_turn(name: str) -> None:
    heads = {pattern.rpartition("$)")[2].partition("(")[0].partition(".*")[0] for pattern, _ in _WORDS[name]}
    for head in {f"{name}: ", f"{name}: cannot access '", "gzip: ", "bunzip2: Can't open input file ", *heads}:
        for piece in PIECES:
            text = (head + piece * MAX_TEXT)[:MAX_TEXT]
            assert min(_seconds(name, text) for _ in range(3)) < 0.02, (head, piece)


def _seconds(name: str, text: str) -> float:
    began = time.thread_time()
    said(name, text, 1)
    return time.thread_time() - began


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "busybox md5sum /n1 /n2",
            "md5sum: can't open '/n1': No such file or directory\n"
            "md5sum: can't open '/n2': No such file or directory\n",
        ),
        ("busybox sleep x", "sleep: invalid number 'x'\n"),
        ("busybox hexdump '/n: : x'", "hexdump: /n: : x: No such file or directory\n"),
        ("printf 'a b\\n' > $'a\\nb'; busybox wc $'a\\nb'", "        1         2         4 a\nb\n"),
        ("printf 'a b\\n' > $'a\\nb'; wc $'a\\nb'", "1 2 4 'a'$'\\n''b'\n"),
        (
            "busybox wc -l /etc/hostname /nosuch /etc/hostname",
            "wc: /nosuch: No such file or directory\n1 /etc/hostname\n1 /etc/hostname\n2 total\n",
        ),
        (
            "ls $'a\\n\\tb' $'\\n'",
            "ls: cannot access 'a'$'\\n\\t''b': No such file or directory\n"
            "ls: cannot access ''$'\\n': No such file or directory\n",
        ),
    ],
)
def test_words_of_applets_and_names_that_need_quotes(shell: ShellState, line: str, text: str) -> None:
    shell.terminal, shell.command = None, "line"
    player = Player(shell)
    assert player(f"cd /tmp; ({line}) 2>&1").text == text
