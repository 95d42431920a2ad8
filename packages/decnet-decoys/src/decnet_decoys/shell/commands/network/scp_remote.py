# SPDX-License-Identifier: MIT
"""The far side of scp as rcp's protocol has it: a sink of files (`scp -t`) and a source of them (`scp -f`)."""

import posixpath
import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of

MAX_FILES = 200
MAX_HEADER = 4096
"""Bytes of the line that announces a file."""
_ANNOUNCED = re.compile(rb"C(0?[0-7]{1,4}) (\d{1,12}) ([^/\n]{1,255})\n")
_OK = b"\0"


def sink(call: Call, target: str) -> Effects:
    """Take the files that standard input announces; each message is answered with a byte 0."""
    data = (yield from call.input()).whole()
    files, access = call.shell.files, call.shell.access
    call.out.write(_OK)
    at = 0
    for _ in range(MAX_FILES):
        yield from turn()
        found = _ANNOUNCED.match(data, at, at + MAX_HEADER)
        if found is None:
            break
        name = decode(found[3])
        is_folder = files.exists(target, access) and files.stat(target, access).kind == "dir"
        path = posixpath.join(target, name) if is_folder else target
        call.out.write(_OK)
        start, size = found.end(), int(found[2])
        yield from call.runner.save(path, data[start : start + size], err=call.err)
        at = start + size + 1
        if at > len(data):
            return 1
        try:
            if not size:  # what is empty is not saved
                files.write(path, b"", access)
            files.change(path, access, mode=int(found[1], 8) & ~call.shell.umask)
        except FileSystemError as error:
            return call.fail(f"{path}: {error}")
        call.out.write(_OK)
    return 0


def source(call: Call, path: str) -> Effects:
    """Send a file to whoever answers each message with a byte 0."""
    answers = (yield from call.input()).whole(MAX_FILES)
    if not answers.startswith(_OK):
        return 0
    try:
        entry = call.shell.files.stat(path, call.shell.access)
        data = whole_of(call.shell.files.read(path, call.shell.access))
    except FileSystemError as error:
        call.out.write(encode(f"\1scp: {path}: {error}\n"))
        return call.fail(f"{path}: {error}")
    name = encode(posixpath.basename(path))
    call.out.write(b"C%04o %d %s\n" % (entry.mode & 0o7777, len(data), name))
    if answers[1:2] == _OK:
        call.out.write(data + _OK)
    return 0
