# SPDX-License-Identifier: MIT
from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import outcome

from decnet_decoys.memory_budget import MemoryBudget, MemoryLease
from decnet_decoys.shell.expansion.patterns import MAX_MATCHES, braces, matches, paths
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.tree import Entry, Tree


def some_files(*names: str) -> FileSystem:
    tree = Tree()
    for name in names:
        tree.put(name, Entry("file", 0o644))
    return FileSystem(tree, 1000, MemoryLease(MemoryBudget(1000)))


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("abc", "abc", True), ("abc", "a*", True), ("abc", "*c", True), ("abc", "a?c", True), ("abc", "[a-c]bc", True),
        ("abc", "[!a]bc", False), ("ABC", "abc", False), ("", "*", True), ("abc", "a", False), ("a.b", "a.b", True),
        ("axb", "a.b", False), ("abc", "***", True), ("abcabc", "a*bc", True), ("abab", "*ab*ab*", True),
        ("aba", "*ab*ab*", False), ("aa", "a*a", True), ("a", "a*a", False), ("a]c", "a[]]c", True),
        ("a[c", "a[c", True),
        ("a[]c", "a[]c", True), ("a-c", "a[!a-z]c", True), ("abc", "*[b-]*", True), ("abc", "a[z-a]c", False),
        ("a\nc", "a?c", True), ("a^c", "a[^^]c", False), ("a!", "a[!]", False), ("a[!]", "a[!]", True),
        ("a\\c", "a[\\]c", True), ("ab", "*?b", True), ("b", "*?b", False), ("xayb", "*[a]*[b]", True),
    ],
)  # fmt: skip
def test_patterns(text: str, pattern: str, fits: bool) -> None:
    assert matches(text, pattern) is fits


def test_a_pattern_that_would_take_long_is_only_equal_to_itself() -> None:
    hard = "*a" * 8
    began = time.process_time()
    assert not matches("a" * 10_000 + "b", hard)
    assert matches(hard, hard)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("a", ["a"]), ("{a,b}", ["a", "b"]), ("x{a,b}y", ["xay", "xby"]), ("{1..3}", ["1", "2", "3"]),
        ("{3..1}", ["3", "2", "1"]), ("{-1..1}", ["-1", "0", "1"]), ("{a,b}{1,2}", ["a1", "a2", "b1", "b2"]),
        ("{a}", ["{a}"]), ("{}", ["{}"]), ("{a,", ["{a,"]), ("x{,y}", ["x", "xy"]),
    ],
)  # fmt: skip
def test_braces(word: str, words: list[str]) -> None:
    assert braces(word) == words


@pytest.mark.parametrize("word", ["{1..999999}", "{1..99}{1..99}{1..99}", "{a,b}" * 40])
def test_braces_are_bounded(word: str) -> None:
    assert len(braces(word)) <= 2 * MAX_MATCHES


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/etc/*", ["/etc/hosts", "/etc/passwd"]), ("/etc/.*", ["/etc/.hidden"]), ("/*/passwd", ["/etc/passwd"]),
        ("h*", ["hosts"]), ("*", ["hosts", "passwd"]), ("/nosuch/*", []), ("/etc/h?sts", ["/etc/hosts"]),
        ("/etc/*/x", []), ("../etc/p*", ["../etc/passwd"]),
    ],
)  # fmt: skip
def test_path_names(pattern: str, found: list[str]) -> None:
    files = some_files("/etc/passwd", "/etc/hosts", "/etc/.hidden")
    assert outcome(paths(pattern, files, "/etc")) == found


def test_path_names_are_bounded() -> None:
    files = some_files(*(f"/d/{number}" for number in range(2 * MAX_MATCHES)))
    assert len(outcome(paths("/d/*", files, "/"))) == MAX_MATCHES


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_pattern_is_answered(text: str, pattern: str) -> None:
    assert isinstance(matches(text, pattern), bool)
