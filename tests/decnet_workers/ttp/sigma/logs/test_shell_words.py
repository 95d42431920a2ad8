# SPDX-License-Identifier: MIT
from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.ttp.sigma.logs.shell_words import MAX_COMMANDS, simple_commands


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("id", ["id"]),
        ("cd /tmp; wget x && chmod +x x | tee y &", ["cd /tmp", "wget x", "chmod +x x", "tee y"]),
        ("echo 'a;b' \"c|d\" e\\;f", ["echo 'a;b' \"c|d\" e\\;f"]),
        ("sudo -n env A=1 id -u", ["sudo -n env A=1 id -u", "env A=1 id -u", "id -u"]),
        ("(id)\nw", ["id", "w"]),
        ("echo 'open", ["echo 'open"]),
        (" ;; & ", []),
        ("", []),
    ],
)
def test_a_line_is_split_into_its_programs(line: str, texts: list[str]) -> None:
    assert [command.text for command in simple_commands(line)] == texts


def test_words_lose_their_quotes() -> None:
    (command,) = simple_commands('"/bin/e"cho \'a b\' "c\\"d" e\\ f \'\'')
    assert command.words == ("/bin/echo", "a b", 'c"d', "e f", "")
    assert (command.program, command.images) == ("echo", ("/bin/echo",))


@given(st.text() | st.text(alphabet="ab \t'\"\\;&|()\n=-"))
def test_any_line_is_split(line: str) -> None:
    commands = simple_commands(line)
    assert len(commands) <= MAX_COMMANDS
    assert all(command.words and command.text in line for command in commands)


@pytest.mark.parametrize("part", ["'", '"', "\\", "a;", "sudo ", "(", '"\\'])
def test_a_long_line_costs_little(part: str) -> None:
    started = time.process_time()
    simple_commands(part * (8192 // len(part)))
    assert time.process_time() - started < 0.5
