# SPDX-License-Identifier: MIT
"""Commands about files as bytes: dd, base64, checksums."""

import base64
import binascii
import hashlib
import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_WHOLE, PIECE, InputFile

CODED = 4 << 10
"""Bytes that base64 handles at a time: each line is written by itself."""
MAX_SEEK = 4 << 20
"""Bytes of a file that `dd seek=` passes over: they are kept, for no file here has holes."""
DIGESTED = 64 << 10
"""Bytes hashed at a time."""


@command("dd")
def dd(call: Call) -> Effects:
    """Copy with if=, of=, bs=, count=, skip=, seek=, conv= and status=."""
    values: dict[str, str] = {}
    for arg in call.args:
        name, equals, value = arg.partition("=")
        if not equals or name not in _OPERANDS:
            raise tried(call, f"unrecognized operand {quoted(arg)}")
        if name in _NUMBERS and not value[:1].isdecimal():
            return call.fail(f"invalid number: {quoted(value)}")
        values[name] = value
    found = call.open_quoted(values["if"], "failed to open") if "if" in values else (yield from call.input())
    if found is None:
        return 1
    block = max(1, count(values.get("bs", values.get("ibs", "512"))))
    first = block * count(values.get("skip", "0"))
    left = max(0, len(found) - first)
    size = min(left, block * count(values["count"])) if "count" in values else left
    if "of" in values:
        size = min(size, MAX_WHOLE)
        data = found.piece(first, size)
        seek = block * count(values.get("seek", "0"))
        if "seek" in values or "notrunc" in values.get("conv", ""):
            data = _within(call, values["of"], data[:MAX_SEEK], min(seek, MAX_SEEK))
        yield from call.runner.save(values["of"], data, err=call.err)
        if not data:
            call.shell.files.write(values["of"], b"", call.shell.access)
    else:
        for start in range(0, size, PIECE):
            call.out.write(found.piece(first + start, min(PIECE, size - start)))
            yield from turn()
    records = f"{size // block}+{int(size % block > 0)} records"
    if values.get("status") != "none":
        call.print_error(
            f"{records} in\n{records} out" + ("" if values.get("status") == "noxfer" else f"\n{_speed(size)}")
        )
    return 0


_NUMBERS = frozenset(["bs", "ibs", "obs", "cbs", "count", "skip", "seek"])
_OPERANDS = _NUMBERS | {"if", "of", "conv", "status", "iflag", "oflag"}


def _within(call: Call, path: str, data: bytes, seek: int) -> bytes:
    """Return the file's content with `data` written at `seek`."""
    files = call.shell.files
    old = whole_of(files.read(path, call.shell.access)) if files.exists(path, call.shell.access) else b""
    return (old[:seek].ljust(seek, b"\0") + data + old[seek + len(data) :])[:MAX_WHOLE]


def _speed(copied: int) -> str:
    """Return the last line of `dd`, as on a virtual machine's disk."""
    seconds = 0.00012 + copied / 1.1e9
    sizes = [_scaled(copied, 1000, ("kB", "MB", "GB"))] if copied >= 1000 else []
    if copied >= 1024:
        sizes.append(_scaled(copied, 1024, ("KiB", "MiB", "GiB")))
    shown = f" ({', '.join(sizes)})" if sizes else ""
    return f"{copied} bytes{shown} copied, {seconds:.6g} s, {_scaled(copied / seconds, 1000, ('kB', 'MB', 'GB'))}/s"


def _scaled(size: float, step: int, units: tuple[str, ...]) -> str:
    unit = "B"
    for larger in units:
        if size < step:
            break
        size, unit = size / step, larger
    return f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"


@command("base64", "base32")
def base64_(call: Call) -> Effects:
    """Encode, or decode with -d; -w says how long a line is."""
    found = options(call, "dDiw:", {"decode": "d", "wrap": "w:", "ignore-garbage": "i"})
    asked = found.last("w", "76")
    if not asked.isdecimal() or len(asked) > 9:
        return call.fail(f"invalid wrap size: {quoted(asked)}")
    coder = _Coder(call, int(asked), lenient="i" in found)
    sources = yield from call.sources(found.operands[:1])
    for source in sources:
        for piece in source.pieces(CODED):
            if found.any("dD"):
                if not coder.decode(piece):
                    return call.fail("invalid input")
            else:
                coder.encode(piece)
            yield from turn()
    if found.any("dD"):
        return 0 if coder.finish_decoding() else call.fail("invalid input")
    coder.finish_encoding()
    return int(not sources)


_NOT_64, _NOT_32 = re.compile(rb"[^A-Za-z0-9+/=]"), re.compile(rb"[^A-Z2-7=]")


class _Coder:
    """Codes piece by piece: what does not fill a group waits for more."""

    def __init__(self, call: Call, width: int, *, lenient: bool) -> None:
        self._call, self._width, self._lenient = call, width, lenient
        self._group, self._letters = (3, 4) if call.name == "base64" else (5, 8)
        self._rest = b""
        self._column = 0

    def encode(self, piece: bytes) -> None:
        data = self._rest + piece
        whole = len(data) - len(data) % self._group
        self._rest = data[whole:]
        self._wrapped(self._encoded(data[:whole]))

    def finish_encoding(self) -> None:
        self._wrapped(self._encoded(self._rest))
        if self._column and self._width:
            self._call.out.write(b"\n")

    def _encoded(self, data: bytes) -> bytes:
        return base64.b64encode(data) if self._letters == 4 else base64.b32encode(data)

    def _wrapped(self, text: bytes) -> None:
        if not self._width:
            self._call.out.write(text)
            return
        if not text:
            return
        room = self._width - self._column
        rows = [text[:room], *(text[at : at + self._width] for at in range(room, len(text), self._width))]
        self._column = len(rows[-1]) + (self._column if len(rows) == 1 else 0)
        if self._column == self._width:
            rows.append(b"")
            self._column = 0
        self._call.out.write(b"\n".join(rows))

    def decode(self, piece: bytes) -> bool:
        strange = _NOT_64 if self._letters == 4 else _NOT_32
        data = self._rest + (strange.sub(b"", piece) if self._lenient else piece.replace(b"\n", b""))
        whole = max(0, len(data) - self._letters) // self._letters * self._letters
        self._rest = data[whole:]
        return self._decoded(data[:whole])

    def finish_decoding(self) -> bool:
        return self._decoded(self._rest)

    def _decoded(self, text: bytes) -> bool:
        """Write what the text stands for; of one that is wrong what stands before that."""
        good = re.match(rb"[A-Za-z0-9+/]*={0,6}" if self._letters == 4 else rb"[A-Z2-7]*={0,6}", text)
        whole = good[0] if good is not None else b""
        usable = whole if len(whole) % self._letters == 0 else whole.rstrip(b"=")
        if len(usable) % self._letters:
            usable += b"=" * (-len(usable) % self._letters)
        try:
            self._call.out.write(base64.b64decode(usable) if self._letters == 4 else base64.b32decode(usable))
        except (binascii.Error, ValueError):
            return False
        return len(whole) == len(text) and len(whole) % self._letters == 0


@command("md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum")
def digest(call: Call) -> Effects:
    found = options(call, "bctwz", {"check": "c", "binary": "b", "quiet": "quiet", "status": "status", "tag": "tag"})
    name = call.name.removesuffix("sum").replace("b2", "blake2b")
    if "c" in found:
        return (yield from _checked(call, found.operands, name))
    sources = yield from call.sources(found.operands)
    for source in sources:
        call.print(f"{yield from digest_of(source, name)}  {source.name}")
    return int(len(sources) < len(found.operands))


def digest_of(source: InputFile, name: str) -> Steps[str]:
    """Return the hexadecimal digest of what is left of a source; `name` is hashlib's of the algorithm."""
    found = hashlib.new(name, usedforsecurity=False)
    for piece in source.pieces(DIGESTED):
        found.update(piece)
        yield from turn()
    return found.hexdigest()


_CHECKSUM = re.compile(r"\\?([0-9A-Fa-f]{32,128}) [ *](.{1,4096})")


def _checked(call: Call, paths: list[str], name: str) -> Effects:
    wrong = unread = 0
    digits = hashlib.new(name, usedforsecurity=False).digest_size * 2
    for listed in (yield from call.sources(paths)):
        improper = proper = 0
        for line in listed.lines():
            yield from turn()
            row = _CHECKSUM.fullmatch(line.decode("utf-8", "surrogateescape"))
            if row is None or len(row[1]) != digits:
                improper += bool(line)
                continue
            proper += 1
            source = call.open(row[2])
            fits = source is not None and (yield from digest_of(source, name)) == row[1].lower()
            call.print(f"{row[2]}: {'OK' if fits else 'FAILED' if source else 'FAILED open or read'}")
            wrong, unread = wrong + (source is not None and not fits), unread + (source is None)
        if not proper:
            shown = "'standard input'" if listed.name == "-" else listed.name
            return call.fail(f"{shown}: no properly formatted checksum lines found")
        _warn(call, improper, "line is improperly formatted", "lines are improperly formatted")
    _warn(call, unread, "listed file could not be read", "listed files could not be read")
    _warn(call, wrong, "computed checksum did NOT match", "computed checksums did NOT match")
    return int(bool(wrong or unread))


def _warn(call: Call, number: int, one: str, several: str) -> None:
    if number:
        call.fail(f"WARNING: {number} {one if number == 1 else several}")


def count(text: str) -> int:
    """Return the number that `head -n` or `dd bs=` is given, with its unit; 10 for what is none."""
    match = re.fullmatch(r"[-+]?(\d{1,9})(?:([kKMGT])(i?B)?|([bcw])|)", text)
    if match is None:
        return 10
    digits, unit, decimal, small = match.groups()
    if small:
        return int(digits) * {"b": 512, "c": 1, "w": 2}[small]
    power = " KMGT".index(unit.upper()) if unit else 0
    factor: int = (1000 if decimal == "B" else 1024) ** power
    return int(digits) * factor
