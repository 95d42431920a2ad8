# SPDX-License-Identifier: MIT
"""The programs that take the whole screen: vi, nano, less, more. What is written with them is kept as evidence."""

import posixpath

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.editors.keys import KeyReader
from decnet_decoys.shell.editors.nano import Nano
from decnet_decoys.shell.editors.pager import MAX_BYTES, Pager
from decnet_decoys.shell.editors.screen import ENTER, LEAVE
from decnet_decoys.shell.editors.vi import Vi
from decnet_decoys.shell.effects import AskKeys, Effects, Steps, turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile

_VIM = """\
VIM - Vi IMproved 9.0 (2022 Jun 28, compiled Oct 01 2023 12:00:00)
Included patches: 1-1378, 1499
Modified by team+vim@tracker.debian.org
Compiled by team+vim@tracker.debian.org"""
_NOT_A_TERMINAL = "Vim: Warning: Output is not to a terminal\nVim: Warning: Input is not from a terminal"


@command("vi", "view", "ex", folder="/usr/bin")
def vi(call: Call) -> Effects:
    """Edit a file."""
    if "--version" in call.args:
        call.print(_VIM)
        return 0
    if call.shell.terminal is None:
        call.print_error(_NOT_A_TERMINAL)
        return 1
    paths = [arg for arg in call.args if not arg.startswith(("-", "+"))]
    path = paths[0] if paths else ""
    data = _content(call, path)
    if isinstance(data, str):
        return call.fail(data)
    return (yield from _edited(call, Vi(path, data, call.shell.columns, read_only=call.name == "view")))


@command("nano", "pico", folder="/usr/bin", families=("debian",))
def nano(call: Call) -> Effects:
    """Edit a file."""
    if {"--version", "-V"} & set(call.args):
        call.print(" GNU nano, version 7.2\n (C) 2023 the Free Software Foundation and various contributors")
        return 0
    if call.shell.terminal is None:
        call.print_error("Standard input is not a terminal" if call.stdin is not None else "Too small")
        return 1
    paths = [arg for arg in call.args if not arg.startswith(("-", "+"))]
    path = paths[0] if paths else ""
    data = _content(call, path)
    if isinstance(data, str):
        call.print_error(f'"{path}" is a directory' if "directory" in data else data)
        return 1
    return (yield from _edited(call, Nano(path, data, call.shell.columns)))


def _content(call: Call, path: str) -> bytes | str | None:
    """Return what a file has, None when there is none, or why it cannot be edited."""
    files, access = call.shell.files, call.shell.access
    if path in call.shell.opened:
        return call.shell.opened[path]
    try:
        if not path or not files.exists(path, access):
            return None
        if files.stat(path, access).kind == "dir":
            return f'"{path}" is a directory'
        return whole_of(files.read(path, access))
    except FileSystemError as error:
        return f'"{path}" [{error}]'


def _edited(call: Call, editor: Vi | Nano) -> Effects:
    """Show the screen, hand on keys and write what is to be written, until the editor is left."""
    reader = KeyReader()
    yield from _shown(call, ENTER + editor.screen())
    while (data := (yield AskKeys())) is not None:
        for key in reader.read(data):
            yield from _key(call, editor, key)
            if editor.finished:
                break
        if editor.finished:
            break
        yield from _shown(call, editor.screen())
    yield from _shown(call, f"\x1b[24;1H\x1b[K{LEAVE}")
    return 0


def _key(call: Call, editor: Vi | Nano, key: str) -> Steps[None]:
    """Hand on a key, and write if that is what it wants."""
    editor.key(key)
    yield from turn()
    if editor.written is not None:
        path, text = editor.written
        editor.written = None
        editor.saved((yield from _written(call, path, text)))


def _written(call: Call, path: str, data: bytes) -> Steps[str | None]:
    """Write a file; returns what is wrong if it cannot be."""
    files, access = call.shell.files, call.shell.access
    try:
        files.write(path, b"", access)
    except FileSystemError as error:
        return (
            f'"{path}" E212: Can\'t open file for writing' if call.name != "nano" else f"Error writing {path}: {error}"
        )
    yield from call.runner.save(path, data)
    return None


def _shown(call: Call, text: str) -> Effects:
    call.print(text, end="")
    yield from call.runner.flush()
    return 0


@command("less", "more", "zless", "pager")
def less(call: Call) -> Effects:
    """Show files a page at a time at a terminal; write them where there is none."""
    if not call.tty and call.words and call.name in ("less", "more"):
        return (yield from _unpaged(call))
    if not call.tty or (call.stdin is None and not call.words):
        return (yield from call.runner.execute(["zcat" if call.name == "zless" else "cat", *call.words], call.streams))
    is_less = call.name != "more"
    status = 0
    for path in call.words or ["-"]:
        data = (yield from call.input()).whole(MAX_BYTES) if path == "-" else _content(call, path)
        if isinstance(data, bytes):
            name = "" if path == "-" else posixpath.basename(path)
            yield from _paged(call, Pager(name, data, call.shell.columns, is_less=is_less))
            continue
        wrong = f"{path} is a directory" if isinstance(data, str) else f"{path}: No such file or directory"
        call.print_error(wrong if is_less else f"more: cannot open {path}: No such file or directory")
        status = int(is_less)
    return status


def _unpaged(call: Call) -> Effects:
    """Write files to what is no terminal: more names each before its text."""
    status = 0
    for path in call.words:
        try:
            content = call.content(path)
        except FileSystemError as error:
            call.print_error(f"more: cannot open {path}: {error}" if call.name == "more" else f"{path}: {error}")
            status = int(call.name == "less")
            continue
        if call.name == "more":
            call.print(f"{':' * 14}\n{path}\n{':' * 14}")
        for piece in InputFile(path, content).pieces():
            call.out.write(piece)
            yield from turn()
    return status


def _paged(call: Call, pager: Pager) -> Effects:
    reader, is_less = KeyReader(), call.name != "more"
    yield from _shown(call, (ENTER if is_less else "") + pager.screen())
    ended = pager.finished
    while not ended and (data := (yield AskKeys())) is not None:
        for key in reader.read(data):
            pager.key(key)
            yield from turn()
        ended = pager.finished
        if not ended or not is_less:
            yield from _shown(call, pager.screen())
    yield from _shown(call, f"\r\x1b[K{LEAVE}" if is_less else "\r\x1b[K")
    return 0
