# SPDX-License-Identifier: MIT
"""Checksums that are no digests: cksum (POSIX.1-2017) and sum, of BSD or with -s of System V."""

from zlib import crc32

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import options
from decnet_decoys.shell.commands.text.text_encoders import DIGESTED, digest_of
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import PIECE, InputFile

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@command("cksum")
def cksum(call: Call) -> Effects:
    """Write CRC, size and name of each file; -a names a digest instead."""
    found = options(call, "a:z", {"algorithm": "a:", "untagged": "untagged", "tag": "tag", "zero": "z"})
    kind = found.last("a", "crc")
    sources = yield from call.sources(found.operands)
    for source in sources:
        if kind in _DIGESTS:
            digits = yield from digest_of(source, kind)
            call.print(
                f"{digits}  {source.name}" if "untagged" in found else f"{kind.upper()} ({source.name}) = {digits}"
            )
            continue
        size = len(source)
        crc = yield from _crc(source, size)
        call.print(f"{crc} {size}" + (f" {source.name}" if found.operands else ""))
    return int(len(sources) < max(1, len(found.operands)))


def _crc(source: InputFile, size: int) -> Steps[int]:
    """Return the CRC of the content and its size: zlib's, whose bits are the other way round, begun with 0."""
    value = 0xFFFFFFFF
    for piece in source.pieces(DIGESTED):
        value = crc32(piece.translate(_MIRRORED), value)
        yield from turn()
    length = size.to_bytes((size.bit_length() + 7) // 8, "little")
    return int(f"{crc32(length.translate(_MIRRORED), value):032b}"[::-1], 2)


@command("sum")
def sum_(call: Call) -> Effects:
    """Write checksum, blocks and name of each file."""
    found = options(call, "rs", {"sysv": "s"})
    sources = yield from call.sources(found.operands)
    for source in sources:
        size, value = len(source), 0
        for piece in source.pieces(DIGESTED if "s" in found else PIECE):
            value = value + sum(piece) if "s" in found else _rotated(value, piece)
            yield from turn()
        name = f" {source.name}" if found.operands else ""
        if "s" in found:
            value = (value & 0xFFFF) + (value >> 16)
            call.print(f"{(value & 0xFFFF) + (value >> 16)} {-(-size // 512)}{name}")
        else:
            call.print(f"{value:05} {-(-size // 1024):5}{name}")
    return int(len(sources) < max(1, len(found.operands)))


def _rotated(value: int, piece: bytes) -> int:
    for byte in piece:
        value = (value >> 1) + ((value & 1) << 15) + byte & 0xFFFF
    return value
