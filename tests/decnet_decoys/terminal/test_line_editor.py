# SPDX-License-Identifier: MIT
from __future__ import annotations

import time
from posixpath import commonprefix

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.terminal.line_editor import MAX_ECHO, MAX_KEYS, MAX_LINE, Done, LineEditor


def typed(data: bytes, editor: LineEditor | None = None) -> tuple[str, Done | None, bytes]:
    """Feed all of the data, as a session does: what was not taken at once is fed again."""
    editor, shown = editor or LineEditor(), ""
    while True:
        echo, done, data = editor.feed(data)
        shown += echo
        if done is not None or not data:
            return shown, done, data


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"ls -la\r", "ls -la"),
        (b"lx\x7fs\r", "ls"),
        (b"s\x01l\r", "ls"),
        (b"l s\x1b[D\x1b[D\x1b[3~\r", "ls"),
        (b"rm -rf x\x17y\r", "rm -rf y"),
        (b"junk\x15ls\r", "ls"),
        (b"ls xyz\x01\x1b[C\x1b[C\x0b\r", "ls"),
        ("grüße\r".encode(), "grüße"),
        (b"a\x1b[Ab\r", "ab"),
        (b"\x1bOHl\x1b[Fs\r", "ls"),
        (b"\xff\xfe\r", "\udcff\udcfe"),
    ],
)
def test_keys_make_a_line(data: bytes, line: str) -> None:
    assert typed(data)[1] == Done("line", line)


def test_up_brings_back_the_last_line() -> None:
    editor = LineEditor()
    editor.begin("", keep=True)
    editor.feed(b"id\r")
    editor.begin("", keep=True)
    assert typed(b"\x1b[A\r", editor)[1] == Done("line", "id")


def test_a_password_is_not_echoed() -> None:
    editor = LineEditor()
    editor.begin("Password: ", echo=False)
    assert editor.feed(b"se\x7fcret\r") == ("\r\n", Done("line", "scret"), b"")


def test_control_c_and_control_d() -> None:
    assert typed(b"abc\x03")[1] == Done("interrupt")
    assert typed(b"\x04")[1] == Done("end")


def test_what_follows_a_line_is_left_for_the_next() -> None:
    assert typed(b"a\rb\rc")[2] == b"b\rc"
    assert typed(b"a\r\nb")[2] == b"b"


def test_a_character_cut_in_two_is_put_together() -> None:
    editor = LineEditor()
    first, done, _ = editor.feed(b"\xc3")
    assert (first, done) == ("", None)
    assert editor.feed(b"\xbc\r")[1] == Done("line", "ü")


def test_a_line_is_bounded() -> None:
    _, done, _ = typed(b"a" * (MAX_LINE + 100) + b"\r")
    assert done is not None
    assert len(done.text) == MAX_LINE


def test_tab_adds_what_completes_the_line() -> None:
    editor = LineEditor(lambda line: ("tc/" if line.endswith("/e") else "", []))
    editor.begin("", keep=True)
    assert typed(b"cd /e\t\r", editor)[1] == Done("line", "cd /etc/")


@given(
    st.lists(
        st.binary(max_size=12) | st.sampled_from([b"\x1b[A", b"\x1b[D", b"\x7f", b"\r", b"\t", b"\x17"]), max_size=30
    )
)
def test_any_keys_end_in_lines_that_can_be_shown(pieces: list[bytes]) -> None:
    editor = LineEditor(lambda _line: ("x", []))
    editor.begin("$ ", keep=True)
    for piece in pieces:
        rest = piece
        while rest:
            shown, done, rest = editor.feed(rest)
            shown.encode("utf-8", "surrogateescape")
            if done is not None:
                editor.begin("$ ", keep=True)


def test_what_takes_long_is_taken_in_parts() -> None:
    editor = LineEditor()
    typed(b"x" * MAX_LINE, editor)
    _, _, rest = editor.feed(b"\x01a\x02" * 1000)
    assert len(rest) >= 3000 - MAX_KEYS
    echo, _, rest = editor.feed(b"\x01\x05" * 40)
    assert len(echo) < 3 * MAX_ECHO
    assert rest


@pytest.mark.parametrize("keys", [b"\x1bb", b"\x1bb\x1bf", b"\x1b.\x15", b"\x10\x0e"], ids=repr)
def test_keys_in_a_long_line_take_no_longer_than_a_turn(keys: bytes) -> None:
    def taken() -> float:
        editor = LineEditor()
        editor.remember(["a " * 4000 + "x", "a " * 4000 + "y"])
        editor.begin("$ ", keep=True)
        typed(b"a " * (MAX_LINE // 2) + b"\x10\x10", editor)
        began = time.thread_time()
        editor.feed(keys * (MAX_KEYS // len(keys)))
        return time.thread_time() - began

    assert min(taken() for _attempt in range(3)) < 0.02


def test_a_word_to_the_left_begins_where_readline_goes() -> None:
    assert typed(b"one  two- \x1bbX\x1bb\x1bbY\x1bb\x1bbZ\r")[1] == Done("line", "ZYone  Xtwo- ")


@pytest.mark.parametrize(("old", "new"), [("", "id"), ("id", ""), ("id", "idle"), ("ls a", "ls b"), ("x", "x")])
def test_a_recalled_line_is_shown_from_where_it_differs(old: str, new: str) -> None:
    editor = LineEditor()
    editor.remember([new, old] if old else [new])
    editor.begin("", keep=True)
    shown, _, _ = typed(b"\x10" * (2 if old else 1), editor)
    same = len(commonprefix((old, new)))
    assert shown == old + "\b" * (len(old) - same) + new[same:] + "\x1b[K" * (len(new) < len(old))
    assert typed(b"\r", editor)[1] == Done("line", new)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (b"ac\x1b[Db", "ac\bbc\b"),
        (b"cho a\x01e", "cho a\b\b\b\b\b\x1b[1@e"),
        (b"abc\x1b[D\x7f", "abc\b\b\x1b[1Pc\b"),
        (b"ab\x7f", "ab\b \b"),
        (b"a b\x17", "a b\b\x1b[K"),
        (b"abc\x02\x02\x0b\x19\x19", "abc\b\b\x1b[Kbcbc"),
        (b"ab\x14", "ab\b\bba"),
        (b"ab\x04", "ab\a"),
        (b"one two\x1bb\x1bb\x1bd", "one two\b\b\b\b\b\b\b\x1b[3P"),
    ],
)
def test_what_keys_show_is_what_readline_shows(keys: bytes, shown: str) -> None:
    assert typed(keys)[0] == shown


def test_control_r_finds_an_earlier_line() -> None:
    editor = LineEditor()
    editor.remember(["cat /etc/passwd", "id", "cat x"])
    editor.begin("$ ", keep=True)
    shown, done, _ = typed(b"\x12cat\x12\r", editor)
    assert done == Done("line", "cat /etc/passwd")
    assert "(reverse-i-search)`cat': cat x" in shown
    editor.begin("$ ", keep=True)
    assert typed(b"\x12zz\x07ls\r", editor)[1] == Done("line", "ls")


def test_a_second_tab_lists_what_fits() -> None:
    editor = LineEditor(lambda _line: ("", ["passwd", "passwd-"]))
    editor.begin("$ ", keep=True)
    shown = typed(b"cat pa\t\t", editor)[0]
    assert shown.endswith("\a\r\npasswd   passwd-  \r\n$ cat pa")
