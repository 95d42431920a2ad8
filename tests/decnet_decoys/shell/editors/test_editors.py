# SPDX-License-Identifier: MIT
"""vi, nano and a pager: keys make the text that is written, whatever they are nothing grows without end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_decoys.decky_host import Player, root_shell

from decnet_decoys.shell.editors.keys import KeyReader
from decnet_decoys.shell.editors.nano import Nano
from decnet_decoys.shell.editors.pager import Pager
from decnet_decoys.shell.editors.text_buffer import MAX_BYTES, MAX_LINE, MAX_LINES, TextBuffer
from decnet_decoys.shell.editors.vi import Vi
from decnet_decoys.shell.machine.machine import Machine

SEVERAL = b"one\ntwo three\nfour\n"
TURN = 0.02


def pressed(editor: Vi | Nano, keys: bytes) -> list[tuple[str, bytes]]:
    """Press the keys; return what was written, as if it all could be."""
    written = []
    reader = KeyReader()
    for start in range(0, len(keys), 256):
        for key in reader.read(keys[start : start + 256]):
            editor.key(key)
            if editor.written is not None:
                written.append(editor.written)
                editor.written = None
                editor.saved(None)
    return written


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (b"iNEW \x1b:wq\r", b"NEW one\ntwo three\nfour\n"),
        (b"Go5\x1bZZ", SEVERAL + b"5\n"),
        (b"ddp:x\r", b"two three\none\nfour\n"),
        (b"2ddu:w\r", SEVERAL),
        (b"yyP:wq\r", b"one\n" + SEVERAL),
        (b"jwDx:wq\r", b"one\ntwo\nfour\n"),
        (b"A!\x7f?\x1b:wq\r", b"one?\ntwo three\nfour\n"),
        (b":%s/o/0/g\r:wq\r", b"0ne\ntw0 three\nf0ur\n"),
        (b":2\rcc2\x1b:wq\r", b"one\n2\nfour\n"),
        (b"/four\rrFJ:wq\r", b"one\ntwo three\nFour\n"),
        (b"jdwkJ:wq\r", b"one three\nfour\n"),
        (b"\x1b[B\x1b[Ci\x1b[D.\x1b:wq\r", b"one\n.two three\nfour\n"),
    ],
)
def test_vi_writes_what_was_edited(keys: bytes, text: bytes) -> None:
    editor = Vi("/tmp/x", SEVERAL, 80)
    assert pressed(editor, keys) == [("/tmp/x", text)]


def test_vi_is_not_left_with_changes_unless_asked_twice() -> None:
    editor = Vi("/tmp/x", None, 80)
    pressed(editor, b"ia\x1b:q\r")
    assert not editor.finished
    assert "E37: No write since last change" in editor.screen()
    pressed(editor, b":nosuch\r")
    assert "E492: Not an editor command: nosuch" in editor.screen()
    assert pressed(editor, b":q!\r") == []
    assert editor.finished


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (b"hi \x18y\r", b"hi " + SEVERAL),
        (b"\x0b\x1b[B\x15\x0f\r\x18", b"two three\none\nfour\n"),
        (b"\x17thr\rX\x0f\r", b"one\ntwo Xthree\nfour\n"),
        (b"\x05\r0\x0f\r", b"one\n0\ntwo three\nfour\n"),
    ],
)
def test_nano_writes_what_was_edited(keys: bytes, text: bytes) -> None:
    assert pressed(Nano("/tmp/x", SEVERAL, 80), keys) == [("/tmp/x", text)]


def test_nano_asks_before_it_forgets_changes() -> None:
    editor = Nano("/tmp/x", None, 80)
    pressed(editor, b"x\x18")
    assert "Save modified buffer?" in editor.screen()
    assert pressed(editor, b"n") == []
    assert editor.finished


def test_a_pager_shows_pages_until_q() -> None:
    pager = Pager("f", b"".join(b"line %d\n" % number for number in range(100)), 80, is_less=True)
    assert "line 22" in pager.screen()
    assert "line 23" not in pager.screen()
    for key in (" ", "/", "9", "0", "\r"):
        pager.key(key)
    assert "line 90" in pager.screen()
    pager.key("q")
    assert pager.finished


def test_more_ends_with_the_text() -> None:
    pager = Pager("f", b"x\n" * 40, 80, is_less=False)
    assert "--More--(57%)" in pager.screen()
    pager.key(" ")
    assert pager.finished


def test_what_is_written_is_in_the_file_and_kept_as_evidence(machine: Machine) -> None:
    run = Player(root_shell(machine), answers=(b"iecho hi", b"\x1b", b":wq\r"))
    played = run("vi /tmp/run.sh")
    assert [(one.path, one.data) for one in played.captured] == [("/tmp/run.sh", b"echo hi\n")]
    assert run("sh /tmp/run.sh").text == "hi\n"
    run.answers = [b"# x\r", b"\x18", b"y", b"\r"]
    run("nano /tmp/run.sh")
    assert run("cat /tmp/run.sh").text == "# x\necho hi\n"


def test_less_takes_keys_at_a_terminal_and_none_in_a_pipe(machine: Machine) -> None:
    run = Player(root_shell(machine), answers=(b"q",))
    assert "\x1b[?1049h" in run("less /etc/passwd").text
    assert run("less /etc/hostname | cat").text == "web-01\n"
    run.answers = [b"q"]
    assert "from a command" in run("less <(echo from a command)").text
    assert run("less /nosuch").errors == "/nosuch: No such file or directory\n"


def test_joining_and_breaking_lines_uses_up_no_room() -> None:
    data = b"a" * 2000 + b"\n" + b"b" * 2000 + b"\n"
    buffer = TextBuffer(data)
    for _ in range(MAX_BYTES // 2000 + 1):
        buffer.move(-1, 2000)
        assert buffer.delete() == "\n"
        buffer.insert("\n")
    assert buffer.data == data


def test_lines_are_not_joined_to_one_that_is_too_long() -> None:
    data = b"a" * MAX_LINE + b"\nb\n"
    buffer = TextBuffer(data)
    buffer.move(0, MAX_LINE)
    assert buffer.delete() == ""
    assert buffer.data == data


def test_top_stays_until_q(machine: Machine) -> None:
    run = Player(root_shell(machine), answers=(b"", b"q"))
    assert run("top").text.count("load average") == 2


COMMANDS = [b"\x1b", b"i", b"o", b":%s/a/b/g\r", b"9999p", b"9999dd", b"yy", b"u", b"\x0b", b"\x15", b"\r"]
KEYS = st.lists(st.one_of(st.binary(max_size=8), st.sampled_from(COMMANDS)), max_size=60).map(b"".join)


@given(KEYS, st.sampled_from(["vi", "nano"]), st.one_of(st.none(), st.binary(max_size=300)))
def test_any_keys_are_handled_within_bounds(keys: bytes, which: str, data: bytes | None) -> None:
    editor = Vi("/tmp/x", data, 80) if which == "vi" else Nano("/tmp/x", data, 80)
    pressed(editor, keys)
    buffer = editor.buffer
    assert 0 <= buffer.row < len(buffer.lines) <= MAX_LINES + 1
    assert len(buffer.data) <= 4 * MAX_BYTES
    assert editor.screen().count("\r\n") <= 23


def test_a_batch_of_the_dearest_keys_is_within_a_turn() -> None:
    editor = Vi("/tmp/x", b"a" * 16000 + b"\n" + b"line of text\n" * 4990, 80)
    began = time.thread_time()
    editor.key("u")
    for key in ":%s/[ax]/yy/g\r":
        editor.key(key)
    editor.screen()
    assert time.thread_time() - began < 5 * TURN  # a loaded machine
