# SPDX-License-Identifier: MIT
"""Commands that bring a file through the session itself: uudecode, and `scp -t` is answered by the SSH service."""

import binascii

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.programs import command


@command("uudecode", families=("debian",))
def uudecode(call: Call) -> Effects:
    """Decode a file written by uuencode (POSIX.1-2017, uuencode)."""
    lines = (yield from call.input()).lines()
    begin = b""
    while not begin.startswith(b"begin "):
        yield from turn()
        begin = next(lines, b"begin ")
    if begin == b"begin ":
        return call.fail("No `begin' line")
    content = bytearray()
    for line in lines:
        yield from turn()
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            content += binascii.a2b_uu(line)
        except binascii.Error:
            return call.fail("Illegal line")
    words = decode(begin).split(None, 3)
    yield from call.runner.save(words[2] if len(words) > 2 else "out", bytes(content), err=call.err)
    return 0
