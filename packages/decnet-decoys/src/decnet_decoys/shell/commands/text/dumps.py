# SPDX-License-Identifier: MIT
"""Commands that show bytes: od, hexdump, xxd, strings."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.commands.text.text_encoders import count
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import PIECE, InputFile
from decnet_decoys.shell.syntax.escapes import unescape

MAX_DUMPED = 128 << 10
"""Bytes that are shown of a file."""
MAX_FORMATS = 8
MAX_FORMAT = 256
"""Characters of hexdump's format."""
MAX_REPEATED = 64
"""How often a unit of it is applied in one go: a millisecond or two."""
_NAMED = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_OD_LONG = {"address-radix": "A:", "read-bytes": "N:", "skip-bytes": "j:", "format": "t:", "width": "w:",
            "output-duplicates": "v", "endian": "endian:", "strings": "S:"}  # fmt: skip
_OD_SHORT = {"a": "a", "b": "o1", "c": "c", "d": "u2", "o": "o2", "s": "d2", "x": "x2", "i": "d4", "l": "d8", "f": "f4"}


def _joined(sources: list[InputFile], skip: int, length: int) -> Steps[bytes]:
    """Return what is shown of the sources, one after the other."""
    found = bytearray()
    for source in sources:
        size = len(source)
        start = min(skip, size)
        skip -= start
        found += source.piece(start, max(0, min(length - len(found), size - start, MAX_DUMPED)))
        yield from turn()
    return bytes(found[:MAX_DUMPED])


@command("od")
def od(call: Call) -> Effects:
    """Show bytes in octal, hexadecimal, decimal or as characters (POSIX.1-2017, od)."""
    found = options(call, "A:N:j:t:w:vS:abcdosxilf", _OD_LONG)
    formats = [piece for given in found.values.get("t", []) for piece in _od_formats(given)]
    formats += [_OD_SHORT[letter] for letter in found.values if letter in _OD_SHORT]
    sources = yield from call.sources(found.operands)
    data = yield from _joined(sources, count(found.last("j", "0")), count(found.last("N", "1G")))
    width = (
        int(found.last("w", "16")) if found.last("w", "16").isdecimal() and 0 < len(found.last("w", "16")) < 4 else 16
    )
    radix = {"d": "07d", "o": "07o", "x": "06x", "n": ""}.get(found.last("A", "o")[:1], "07o")
    yield from _od_rows(call, data, (formats or ["o2"])[:MAX_FORMATS], radix, max(1, width))
    return int(len(sources) < len(found.operands))


def _od_formats(given: str) -> list[str]:
    found = []
    for match in re.finditer(r"([acdfoux])([1-8CSIL]?)(z?)|(.)", given[:64]):
        kind, size, shown, wrong = match.groups()
        if wrong:
            raise UsageError(f"invalid character '{wrong}' in type string \u2018{given}\u2019")
        size = {"C": "1", "S": "2", "I": "4", "L": "8", "": "4"}.get(size, size) if kind not in "ac" else ""
        found.append(kind + size + shown)
    return found


def _od_rows(call: Call, data: bytes, formats: list[str], radix: str, width: int) -> Steps[None]:
    repeated = False
    cell = max(_cell(one)[1] / _cell(one)[0] for one in formats)
    for start in range(0, len(data), width):
        yield from turn()
        row = data[start : start + width]
        if start and len(row) == width and row == data[start - width : start] and len(data) > start + width:
            if not repeated:
                call.print("*")
            repeated = True
            continue
        repeated = False
        for index, one in enumerate(formats):
            yield from turn()
            address = (
                (format(start, radix) if radix else "") if not index else " " * len(format(0, radix) if radix else "")
            )
            size, _ = _cell(one)
            across = round(cell * size)
            shown = "".join(_od_value(row[at : at + size], one).rjust(across) for at in range(0, len(row), size))
            if one.endswith("z"):
                shown = shown.ljust(round(cell * width)) + "  >" + _printable(row) + "<"
            call.print(address + shown)
    if radix:
        call.print(format(len(data), radix))


def _cell(one: str) -> tuple[int, int]:
    """Return how many bytes a value has and how wide it is with the blank before it."""
    kind, size = one[0], int(one[1]) if one[1:2].isdecimal() else 1
    widths = {"o": {1: 4, 2: 7, 4: 12, 8: 23}, "x": {1: 3, 2: 5, 4: 9, 8: 17}, "u": {1: 4, 2: 6, 4: 11, 8: 21},
              "d": {1: 5, 2: 7, 4: 12, 8: 21}, "f": {4: 16, 8: 25}}  # fmt: skip
    return size, 4 if kind in "ac" else widths[kind].get(size, 12)


def _od_value(data: bytes, one: str) -> str:
    kind, size = one[0], int(one[1]) if one[1:2].isdecimal() else 1
    if kind in "ac":
        byte = data[0]
        return _NAMED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")
    value = int.from_bytes(data.ljust(size, b"\0"), "little", signed=kind == "d")
    digits = _cell(one)[1] - 1
    return {"o": f"{value:0{digits}o}", "x": f"{value:0{digits}x}"}.get(kind, str(value))


def _printable(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


@command("hexdump", "hd")
def hexdump(call: Call) -> Effects:
    """Show bytes: words of two, or with -C bytes and characters."""
    found = options(call, "Cn:s:bcdoxve:f:L:V", {"canonical": "C", "length": "n:", "skip": "s:"})
    sources = yield from call.sources(found.operands)
    data = yield from _joined(sources, count(found.last("s", "0")), count(found.last("n", "1G")))
    if "e" in found:
        return (yield from _formatted(call, data, found))
    canonical = "C" in found or call.name == "hd"
    repeated = False
    for start in range(0, len(data), 16):
        yield from turn()
        row = data[start : start + 16]
        if start and len(row) == 16 and row == data[start - 16 : start] and "v" not in found:
            if not repeated:
                call.print("*")
            repeated = True
            continue
        repeated = False
        call.print(_canonical(start, row) if canonical else _words(start, row, found))
    if data:
        call.print(f"{len(data):08x}" if canonical else f"{len(data):07x}")
    return int(bool(found.operands) and not sources)


def _formatted(call: Call, data: bytes, found: Options) -> Effects:
    """Do what of -e is usual: units of bytes by formats of printf, one after the other, over and over."""
    given = found.last("e")[:MAX_FORMAT]
    if not re.fullmatch(rf"(?:{_UNIT.pattern})+\s*", given) or re.search(r"%[^%a-zA-Z]*\d{4}", given):
        return call.fail("bad format {" + given + "}")
    units = [_Unit(*one.groups()) for one in _UNIT.finditer(given)]
    at, data = 0, data[:PIECE]
    if not any(unit.size for unit in units):
        return 0
    while at < len(data):
        for unit in units:
            yield from turn()
            try:
                text, at = unit.shown(data, at)
            except (ValueError, TypeError, OverflowError):
                return call.fail(f"bad conversion character %{unit.layout[:64]}")
            call.print(text, end="")
    return 0


_UNIT = re.compile(r'\s*+(?:(\d{1,3})\s*+)?(?:/(\d))?\s*+"([^"]{1,64})"')
_CONVERSION = re.compile(r"%[-+ #0]*\d{0,3}(?:\.\d{1,3})?(?:_p|_a[dox]|[cdiouxXs])")


class _Unit:
    """One unit of a format: how often, of how many bytes, and how they are shown (hexdump(1))."""

    def __init__(self, count: str | None, size: str | None, layout: str) -> None:
        self.layout = unescape(layout)[0]
        self._found = _CONVERSION.findall(self.layout)
        takes = [one for one in self._found if not one[:-1].endswith("_a")]
        default = 1 if takes and takes[0][-1] in "pcs" else 4
        self.size = (int(size) if size else default) if takes else 0
        self._count = max(1, min(int(count or 1), MAX_REPEATED))

    def shown(self, data: bytes, at: int) -> tuple[str, int]:
        """Return what the unit shows from a place on, and the place after it; past the end it shows blanks."""
        pieces = []
        for number in range(self._count):
            row = data[at : at + self.size]
            past = bool(self.size) and not row
            last = 1 < self._count == number + 1
            layout = self.layout.rstrip(" ") if last else self.layout
            pieces.append(_CONVERSION.sub(lambda one: _converted(one[0], row, at, past=past), layout))  # noqa: B023
            at = min(len(data), at + self.size)
        return "".join(pieces), at


def _converted(conversion: str, row: bytes, at: int, *, past: bool) -> str:
    if conversion[:-1].endswith("_a"):
        return (conversion[:-3] + conversion[-1]) % at
    if past and conversion.endswith("_p"):
        return ""
    if past:
        width = re.search(r"\d+", conversion)
        return " " * (int(width[0]) if width else 1)
    if conversion.endswith("_p"):
        return (conversion[:-2] + "s") % _printable(row)
    if conversion[-1] in "cs":
        return conversion % (chr(row[0]) if conversion[-1] == "c" else _printable(row))
    return conversion % int.from_bytes(row, "little", signed=conversion[-1] in "di")


def _canonical(start: int, row: bytes) -> str:
    halves = (" ".join(f"{byte:02x}" for byte in half) for half in (row[:8], row[8:]))
    return f"{start:08x}  {'  '.join(halves):<48}  |{_printable(row)}|"


def _words(start: int, row: bytes, found: Options) -> str:
    if "b" in found:
        return f"{start:07x}" + "".join(f" {byte:03o}" for byte in row)
    if "c" in found:
        return f"{start:07x}" + "".join(_od_value(bytes((byte,)), "c").rjust(4) for byte in row)
    padded = row + b"\0" * (len(row) % 2)
    words = [int.from_bytes(padded[at : at + 2], "little") for at in range(0, len(padded), 2)]
    if "x" in found or "o" in found or "d" in found:
        shape = "x" if "x" in found else "o" if "o" in found else "d"
        digits = {"x": "04x", "o": "06o", "d": "05d"}[shape]
        return f"{start:07x}" + "".join(format(word, digits).rjust(8) for word in words)
    return f"{start:07x} " + " ".join(f"{word:04x}" for word in words).ljust(39)


@command("xxd")
def xxd(call: Call) -> Effects:
    """Show bytes beside characters, plainly (-p), or make bytes of that (-r)."""
    found = options(call, "l:s:c:g:o:abeEhipruvR:", {"plain": "p", "reverse": "r", "len": "l:"})
    sources = yield from call.sources(found.operands[:1])
    if not sources:
        return 2
    if "r" in found:
        return (yield from _reversed(call, sources[0], plain="p" in found))
    data = yield from _joined(sources, count(found.last("s", "0")), count(found.last("l", "1G")))
    if "i" in found:
        return (yield from _as_source(call, data, found))
    if "b" in found:
        return (yield from _in_bits(call, data, found.last("c", "6")))
    asked = found.last("c", "30" if "p" in found else "16")
    width = int(asked) if asked.isdecimal() and 0 < len(asked) < 4 and int(asked) else 16
    asked = found.last("g", "2")
    group = int(asked) if asked.isdecimal() and len(asked) < 3 and int(asked) else width
    for start in range(0, len(data), width):
        row = data[start : start + width]
        if "p" in found:
            call.print(row.hex())
        else:
            pairs = " ".join(row[i : i + group].hex() for i in range(0, len(row), group))
            if "u" in found:
                pairs = pairs.upper()
            call.print(f"{start:08x}: {pairs:<{2 * width + -(-width // group) - 1}}  {_printable(row)}")
        yield from turn()
    return 0


def _as_source(call: Call, data: bytes, found: Options) -> Effects:
    """Show the bytes as an array of C, named after the file."""
    asked = found.last("c", "12")
    width = int(asked) if asked.isdecimal() and 0 < len(asked) < 4 and int(asked) else 12
    path = found.operands[0] if found.operands and found.operands[0] != "-" else ""
    name = ("__" if path[:1].isdecimal() else "") + re.sub(r"[^0-9A-Za-z]", "_", path)
    if name:
        call.print(f"unsigned char {name}[] = {{")
    for start in range(0, len(data), width):
        yield from turn()
        row = ", ".join(f"0x{byte:02x}" for byte in data[start : start + width])
        call.print(f"  {row}" + ("," if start + width < len(data) else ""))
    if name:
        call.print(f"}};\nunsigned int {name}_len = {len(data)};")
    return 0


def _in_bits(call: Call, data: bytes, asked: str) -> Effects:
    """Show each byte in binary digits, as xxd -b does."""
    width = int(asked) if asked.isdecimal() and 0 < len(asked) < 4 and int(asked) else 6
    for start in range(0, len(data), width):
        row = data[start : start + width]
        bits = " ".join(f"{byte:08b}" for byte in row)
        call.print(f"{start:08x}: {bits:<{9 * width - 1}}  {_printable(row)}")
        yield from turn()
    return 0


def _reversed(call: Call, source: InputFile, *, plain: bool) -> Effects:
    for line in source.lines():
        yield from turn()
        text = line if plain else line.partition(b":")[2].partition(b"  ")[0]
        digits = re.sub(rb"[^0-9a-fA-F]", b"", text)
        call.out.write(bytes.fromhex(digits[: len(digits) // 2 * 2].decode()))
    return 0


_PLACES = {"d": "%7d ", "o": "%7o ", "x": "%7x "}
"""How strings shows where a run of characters begins, by the radix."""


@command("strings")
def strings(call: Call) -> Effects:
    """Show what is printable, four characters at least (-n)."""
    found = options(call, "an:ot:fe:0123456789", {"all": "a", "bytes": "n:", "radix": "t:"})
    digits = "".join(letter for letter in found.values if letter.isdecimal())
    asked = found.last("n", digits or "4")
    least = int(asked) if asked.isdecimal() and 0 < len(asked) < 5 and int(asked) else 4
    pattern = re.compile(rb"[\t\x20-\x7e]+")
    sources = []
    for path in found.operands:
        if not call.shell.files.exists(path, call.shell.access):
            call.fail(f"'{path}': No such file")
        else:
            sources += yield from call.sources([path])
    place = _PLACES.get(found.last("t", "o" if "o" in found else ""), "")
    for source in sources if found.operands else (yield from call.sources([])):
        rest, at = b"", 0
        for piece in source.pieces():
            runs = [(at - len(rest) + run.start(), run[0]) for run in pattern.finditer(rest + piece)]
            at += len(piece)
            ended = not (32 <= piece[-1] < 127)
            rest = b"" if ended or not runs or len(runs[-1][1]) > PIECE else runs.pop()[1]
            for start, run in runs:
                if len(run) >= least:
                    call.out.write((place % start if place else "").encode() + run + b"\n")
            yield from turn()
        if len(rest) >= least:
            call.out.write((place % (at - len(rest)) if place else "").encode() + rest + b"\n")
    return int(len(sources) < len(found.operands))
