# SPDX-License-Identifier: MIT
"""Commands about files as bytes: dd, base64, checksums, xxd."""

import base64
import binascii
import hashlib

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_OUTPUT, PIECE, InputFile

ROW = 57
"""Bytes that base64 writes as one line."""
DIGESTED = 64 << 10
"""Bytes hashed at a time."""
MAX_DUMPED = 64 << 10
"""Bytes that xxd shows of a file."""
ENDLESS = frozenset(("/dev/zero", "/dev/urandom", "/dev/random"))


@command("dd")
def dd(call: Call) -> Effects:
    """Copy with if=, of=, bs= and count=."""
    values = dict(arg.partition("=")[::2] for arg in call.args)
    source, block = values.get("if"), max(1, count(values.get("bs", "512")))
    size = block * count(values["count"]) if "count" in values else 1 << 30
    if source in ENDLESS:
        found: InputFile | None = InputFile(source, (noise(source) * 256)[: min(size, MAX_OUTPUT)])
    else:
        found = call.open(source) if source else (yield from call.input())
    if found is None:
        return 1
    size = min(size, len(found)) if source not in ENDLESS or "count" not in values else size
    if values.get("of"):
        yield from call.runner.save(values["of"], found.whole(size), err=call.err)
    else:
        for start in range(0, min(size, len(found)), PIECE):
            call.out.write(found.piece(start, min(PIECE, size - start)))
            yield from turn()
    records = f"{size // block}+{int(size % block > 0)} records"
    if values.get("status") != "none":
        call.print_error(f"{records} in\n{records} out\n{_speed(size)}")
    return 0


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
    """Encode, or decode with -d."""
    options, operands = call.flags("w")
    decoding = bool({"d", "D", "decode"} & options.keys())
    rest = b""
    try:
        for source in (yield from call.sources(operands)):
            for piece in source.pieces():
                rest = _decoded(call, rest + piece) if decoding else _encoded(call, rest + piece)
                yield from turn()
        if decoding:
            call.out.write(base64.b64decode(rest, validate=True))
        elif rest:
            call.out.write(base64.b64encode(rest) + b"\n")
    except (binascii.Error, ValueError):
        return call.fail("invalid input")
    return 0


def _encoded(call: Call, data: bytes) -> bytes:
    """Write the whole rows of 76 characters; returns what is left."""
    whole = len(data) - len(data) % ROW
    rows = (base64.b64encode(data[start : start + ROW]) for start in range(0, whole, ROW))
    call.out.write(b"".join(row + b"\n" for row in rows))
    return data[whole:]


def _decoded(call: Call, data: bytes) -> bytes:
    """Write what whole groups of four characters stand for; returns what is left, with the padding at the end."""
    data = b"".join(data.split())
    whole = max(0, len(data) - 4) // 4 * 4
    call.out.write(base64.b64decode(data[:whole], validate=True))
    return data[whole:]


@command("md5sum", "sha1sum", "sha256sum", "sha512sum")
def digest(call: Call) -> Effects:
    _, operands = call.flags()
    for source in (yield from call.sources(operands)):
        found = hashlib.new(call.name.removesuffix("sum"), usedforsecurity=False)
        for piece in source.pieces(DIGESTED):
            found.update(piece)
            yield from turn()
        call.print(f"{found.hexdigest()}  {source.name}")
    return 0


@command("xxd", "hexdump", "od")
def xxd(call: Call) -> Effects:
    options, operands = call.flags("lnNAtsc")
    length = options.get("l") or options.get("N") or options.get("n") or "1048576"
    for source in (yield from call.sources(operands)):
        size = min(len(source), count(length), MAX_DUMPED)
        for start in range(0, size, 16):
            row = source.piece(start, min(16, size - start))
            pairs = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            call.print(f"{start:08x}: {pairs:<39}  {shown}")
            yield from turn()
    return 0


def noise(path: str) -> bytes:
    """Return the next bytes of a file in ENDLESS."""
    return bytes(4096) if path == "/dev/zero" else hashlib.shake_128(path.encode()).digest(4096)


def count(text: str) -> int:
    """Return the number that `head -n` or `dd bs=` is given, with its unit; 10 for what is none."""
    digits = text.lstrip("+-")
    unit = {"k": 1024, "K": 1024, "M": 1 << 20}.get(digits[-1:], 1)
    digits = digits.rstrip("kKM")
    return int(digits) * unit if digits.isdigit() and len(digits) < 10 else 10
