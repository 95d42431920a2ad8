# SPDX-License-Identifier: MIT
from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import outcome
from tests.examples import examples

from decnet_decoys.shell.syntax.nodes import For, IncompleteError, Sequence, ShellSyntaxError, Simple
from decnet_decoys.shell.syntax.parser import parse

PIECES = st.sampled_from(
    ["|", "||", "&&", ";", ";;", "&", "(", ")", "{", "}", "<", ">>", "2>&1", "<<E", "\nE\n", "\n", "'", '"', "`", "$(",
     "${", "$((", "))", "\\", "#", " ", "if", "then", "fi", "for", "in", "do", "done", "while", "case", "esac", "a",
     "x=1", "f()", "é", "\udcff", "\0", "*", "!"]
)  # fmt: skip


def words_of(line: str) -> list[list[str]]:
    parsed = outcome(parse(line))
    assert isinstance(parsed, Sequence)
    commands = [command for pipeline, _ in parsed.items for command in pipeline.commands]
    return [
        ["".join(part.text for part in word) for word in command.words]
        for command in commands
        if isinstance(command, Simple)
    ]


@given(st.text(max_size=200))
def test_any_text_is_a_sequence_or_a_fault(text: str) -> None:
    assert isinstance(outcome(parse(text)), Sequence | ShellSyntaxError)


@settings(max_examples=examples(300))
@given(st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=40).map("".join))
def test_any_mixture_of_shell_tokens_is_a_sequence_or_a_fault(text: str) -> None:
    assert isinstance(outcome(parse(text)), Sequence | ShellSyntaxError)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ls -la /tmp", [["ls", "-la", "/tmp"]]),
        ("echo 'a b'\"c d\"e\\ f", [["echo", "a bc de f"]]),
        ("a;b&&c||d|e &", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("echo a#b # comment", [["echo", "a#b"]]),
        ("echo 'it''s' \"\"", [["echo", "its", ""]]),
        ("echo a\\\nb", [["echo", "ab"]]),
        ("echo done fi then", [["echo", "done", "fi", "then"]]),
        ("", []),
    ],
)
def test_words_and_operators(line: str, words: list[list[str]]) -> None:
    assert words_of(line) == words


@pytest.mark.parametrize(
    "line", ["echo 'a", 'echo "a', "echo `a", "a |", "a &&", "if true", "for i in a; do b", "(a", "cat <<E\nx", "x \\"]
)
def test_a_line_that_waits_for_more_is_unfinished(line: str) -> None:
    assert isinstance(outcome(parse(line)), IncompleteError)


@pytest.mark.parametrize("line", ["a;;b", "| a", "&& a", "fi", "done", ")", "for $x in a; do b; done", "a > ;"])
def test_a_wrong_line_is_a_fault_and_not_unfinished(line: str) -> None:
    fault = outcome(parse(line))
    assert isinstance(fault, ShellSyntaxError)
    assert not isinstance(fault, IncompleteError)


def test_a_loop_has_its_words_and_body() -> None:
    parsed = outcome(parse("for i in a b; do echo $i; done > out"))
    assert isinstance(parsed, Sequence)
    loop = parsed.items[0][0].commands[0]
    assert isinstance(loop, For)
    assert loop.name == "i"
    assert loop.words is not None
    assert len(loop.words) == 2
    assert [redirect.op for redirect in loop.redirects] == [">"]


@pytest.mark.parametrize(
    "line", ["(" * 5000, "$(" * 5000 + ")" * 5000, "{ " * 500 + "a" + "; }" * 500, "`" * 9999, "if " * 3000]
)
def test_deep_nesting_is_refused_not_followed(line: str) -> None:
    assert isinstance(outcome(parse(line)), ShellSyntaxError)


def test_a_word_costs_the_same_whatever_the_first_words_are() -> None:
    """In processor time: each further word once read the first ones again, which made this line 50 times as dear."""

    def seconds(first: str) -> float:
        before = time.thread_time()
        assert isinstance(outcome(parse(" ".join([first] * 4 + ["a"] * 3900))), Sequence)
        return time.thread_time() - before

    long, short = (min(seconds(first) for _ in range(3)) for first in ("a'b'" * 900, "a"))
    assert long < 10 * short
