# SPDX-License-Identifier: MIT
"""Command lines of FTP clients: fixed ones, and whatever a client may send."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.ftp.lines import (
    LONGEST,
    Commands,
    TooLongError,
    extended_port_of,
    mode_of,
    moment_and_path,
    name_patterns,
    passive,
    port_of,
    protection,
)


def taken(*pieces: bytes) -> list[tuple[str, str]]:
    commands, found = Commands(), []
    for piece in pieces:
        commands.feed(piece)
        while (command := commands.take()) is not None:
            found.append(command)
    return found


def test_commands_are_read_as_they_come() -> None:
    assert taken(b"user anonymous\r\nPA", b"SS a b\n\xff\xf4\xff\xf2ABOR\r\n\r\n") == [
        ("USER", "anonymous"),
        ("PASS", "a b"),
        ("ABOR", ""),
    ]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_how_lines_are_cut_changes_nothing(data: bytes, size: int) -> None:
    assert taken(data) == taken(*(data[place : place + size] for place in range(0, len(data), size)))


@pytest.mark.parametrize("sent", [b"x" * (LONGEST + 1), b"x" * 100_000 + b"\n"])
def test_a_line_that_is_too_long_is_refused(sent: bytes) -> None:
    commands = Commands()
    commands.feed(sent)
    with pytest.raises(TooLongError):
        commands.take()


@given(st.integers(1024, 65535))
def test_ports_are_those_of_the_client(port: int) -> None:
    assert port_of(passive("192.0.2.7", port), "192.0.2.7") == port
    assert port_of(passive("192.0.2.7", port), "192.0.2.8") is None
    assert extended_port_of(f"|1|192.0.2.7|{port}|", "192.0.2.7") == port
    assert extended_port_of(f"|1|192.0.2.8|{port}|", "192.0.2.7") == "500 Illegal EPRT command."


@given(st.text(max_size=60) | st.from_regex(r"[0-9,|.]{0,40}"))
def test_any_port_is_read_or_refused(argument: str) -> None:
    for read in (port_of, extended_port_of):
        port = read(argument, "192.0.2.7")
        assert not isinstance(port, int) or 1024 <= port <= 65535


def test_privileged_ports_are_refused() -> None:
    assert port_of("192,0,2,7,0,80", "192.0.2.7") is None
    assert extended_port_of("|1|192.0.2.7|80|", "192.0.2.7") == "500 Illegal EPRT command."


def matches(name: str, pattern: str) -> bool:
    return any(one.fullmatch(name) for one in name_patterns(pattern))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("a*", ["a1", "ab"]), ("*1", ["a1", "b1"]), ("{a,b}1", ["a1", "b1"]), ("?b", ["ab"]), ("[a]1", []), ("", [])],
)
def test_patterns_of_listings_are_those_of_vsftpd(pattern: str, found: list[str]) -> None:
    assert [name for name in ("a1", "ab", "b1") if matches(name, pattern)] == found


@given(st.text("ab*?\\.\n", max_size=20), st.text("ab\\.\n", max_size=12))
def test_stars_and_question_marks_are_those_of_a_shell(pattern: str, name: str) -> None:
    assert matches(name, pattern) == fnmatch.fnmatchcase(name, pattern)


@given(st.text("ab*?{},[(", max_size=40))
def test_any_pattern_can_be_compiled(pattern: str) -> None:
    assert len(list(name_patterns(pattern))) >= 1


@pytest.mark.parametrize("repeated", ["a*", "*a", "?*", "a"])
def test_a_pattern_of_many_stars_takes_no_longer_than_its_name_is_long(repeated: str) -> None:
    """The first takes the most to compile; 32 choices share one turn for each name."""
    choices = f"*{(repeated * 250)[:250]}{{{','.join('b' * 32)}}}"
    patterns = name_patterns(choices)
    spent = []
    for _ in range(32):
        began = time.process_time()
        one = next(patterns)
        spent.append(time.process_time() - began)
        assert not one.fullmatch("a" * 255)
    compiled = list(name_patterns(choices))
    began = time.process_time()
    assert not any(one.fullmatch("a" * 255) for one in compiled)
    assert time.process_time() - began < 0.02
    assert min(spent) < 0.02


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{8}([0-9]{6})? [a-z]{1,9}"))
def test_any_time_is_set_or_asked(argument: str) -> None:
    moment, path = moment_and_path(argument)
    assert (path == argument) == (moment is None)
    assert 0 <= mode_of(argument) <= 0o7777


def test_a_day_that_its_month_has_not_is_one_of_the_next() -> None:
    assert moment_and_path("20240230000000 x") == moment_and_path("20240301 x") == (1709251200, "x")
    assert moment_and_path("20241301 x") == moment_and_path("20250101 x")


def test_levels_of_protection() -> None:
    assert protection("p") == ("200 PROT now Private.", True)
    assert [protection(level) for level in ("S", "x")] == [
        ("536 PROT not supported.", None),
        ("504 PROT not recognized.", None),
    ]
