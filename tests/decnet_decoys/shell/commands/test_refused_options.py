# SPDX-License-Identifier: MIT
"""Options that a program of Debian does not have are refused in its words, whatever the decoy plays of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import Player

from decnet_decoys.shell.commands.refused_options import _TABLE, Refused, _known, refused
from decnet_decoys.shell.programs import programs

TRY = "Try '%s --help' for more information.\n"


@pytest.mark.parametrize(
    ("name", "args", "text", "status"),
    [
        ("ls", ["--nosuch"], "ls: unrecognized option '--nosuch'\n" + TRY % "ls", 2),
        ("id", ["-un", "-x"], "id: invalid option -- 'x'\n" + TRY % "id", 1),
        ("rm", [], "rm: missing operand\n" + TRY % "rm", 1),
        ("cut", ["-d"], "cut: option requires an argument -- 'd'\n" + TRY % "cut", 1),
        ("sort", ["--key"], "sort: option '--key' requires an argument\n" + TRY % "sort", 2),
        ("hostnamectl", ["--nosuch"], "hostnamectl: unrecognized option '--nosuch'\n", 1),
    ],
)
def test_what_debian_refuses(name: str, args: list[str], text: str, status: int) -> None:
    answer = refused(name, args)
    assert answer is not None
    assert answer == Refused(status, err=text)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("ls", ["-la", "--color=auto", "--", "--nosuch"]), ("head", ["-5", "x"]), ("cut", ["-d", "-", "-f1"]),
        ("nice", ["-n", "5", "ls", "--nosuch"]), ("chmod", ["-x", "f"]), ("sort", ["--rev"]), ("nosuch", ["--nosuch"]),
    ],
)  # fmt: skip
def test_what_debian_takes(name: str, args: list[str]) -> None:
    assert refused(name, args) is None


def test_usage_is_shown_where_the_program_shows_it(run: Player) -> None:
    wrong, asked = run("uptime --nosuch"), run("uptime --help")
    assert wrong.status == 1
    assert wrong.errors.startswith("uptime: unrecognized option '--nosuch'\n\nUsage:\n uptime [options]\n")
    assert (asked.status, asked.text) == (0, wrong.errors.partition("\n")[2])


@given(st.sampled_from(["ls", "tar", "useradd", "ss", "timeout"]), st.lists(st.text(max_size=8), max_size=6))
def test_any_arguments_are_taken_or_refused_in_one_line(name: str, args: list[str]) -> None:
    answer = refused(name, args)
    said = answer.out + answer.err if answer is not None else ""
    assert answer is None or said.startswith((f"{name}: ", "Usage", "\nUsage", "usage", "Try"))


def test_every_section_is_read_and_is_of_a_program() -> None:
    names = re.findall(r"(?m)^== (.+)$", _TABLE.read_text(encoding="utf-8"))
    assert len(names) > 300
    assert len(set(names)) == len(names)
    assert set(names) - programs().keys() == {"chfn", "fstrim"}  # which do nothing else
    assert all(known is not None and known.answers for known in map(_known, names))
