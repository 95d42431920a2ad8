# SPDX-License-Identifier: MIT
"""Perl's functions of plain values (perlfunc(1)) and what usual modules export: no variables, no files."""

from __future__ import annotations

import base64
import calendar
import hashlib
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from decnet_decoys.shell.perl.formats import formatted, packed, unpacked
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Ref,
    Value,
    integer,
    number,
    of_bytes,
    of_shell,
    real,
    text,
    to_bytes,
    to_shell,
)

if TYPE_CHECKING:
    from decnet_decoys.shell.perl.input_output.files import Files

Plain = Callable[["Files", list[Value]], Value]


def _one(function: Callable[[str], Value]) -> Plain:
    return lambda perl, values: function(text(values[0]) if values else text(perl.memory.scalar("_").value))


def _of_number(function: Callable[[float], float]) -> Plain:
    def call(perl: Files, values: list[Value]) -> Value:
        value = number(values[0] if values else perl.memory.scalar("_").value)
        try:
            return function(float(value))
        except (ValueError, OverflowError):
            raise perl.died(f"Can't take {function.__name__} of {text(value)}") from None

    return call


def _int(value: str) -> Value:
    found = number(value)
    if isinstance(found, float) and (math.isinf(found) or math.isnan(found)):
        return found
    return math.trunc(found)


def _hex(value: str) -> int:
    digits = value.lower().removeprefix("0x").removeprefix("x").replace("_", "")[:16]
    return int(digits, 16) if digits and not set(digits) - set("0123456789abcdef") else 0


def _oct(value: str) -> int:
    digits = value.strip().lower().replace("_", "")[:64]
    if digits.startswith(("0x", "x")):
        return _hex(digits)
    base, digits = (2, digits.removeprefix("0b")) if digits.startswith("0b") else (8, digits)
    kept = digits[: next((at for at, one in enumerate(digits) if not one.isdecimal() or int(one) >= base), 22)]
    return int(kept or "0", base)


def _substr(_perl: Files, values: list[Value]) -> Value:
    whole, start = text(values[0]), integer(values[1] if len(values) > 1 else 0)
    start = start + len(whole) if start < 0 else start
    if start > len(whole) or (start < 0 and len(values) < 3):
        return None if start > len(whole) else whole
    size = len(whole) if len(values) < 3 or values[2] is None else integer(values[2])
    end = start + size if size >= 0 else len(whole) + size
    return whole[max(0, start) : max(0, start, end)]


def _index(_perl: Files, values: list[Value]) -> Value:
    return text(values[0]).find(text(values[1]), max(0, integer(values[2])) if len(values) > 2 else 0)


def _rindex(_perl: Files, values: list[Value]) -> Value:
    whole, part = text(values[0]), text(values[1])
    return whole.rfind(part, 0, integer(values[2]) + len(part) if len(values) > 2 else None)


def _join(perl: Files, values: list[Value]) -> Value:
    return perl.memory.joined(text(values[0] if values else ""), values[1:])


def _ref(_perl: Files, values: list[Value]) -> Value:
    value = values[0] if values else None
    return (value.package or value.kind) if isinstance(value, Ref) else ""


def _base64(_perl: Files, values: list[Value]) -> Value:
    end = text(values[1]) if len(values) > 1 else "\n"
    data = base64.b64encode(to_bytes(text(values[0] if values else "")))
    pieces = [of_bytes(data[at : at + 76]) + end for at in range(0, len(data), 76)]
    return "".join(pieces)


def _unbase64(_perl: Files, values: list[Value]) -> Value:
    kept = bytes(one for one in to_bytes(text(values[0] if values else "")) if one in _BASE64)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    try:
        return of_bytes(base64.b64decode(kept + b"=" * (-len(kept) % 4)))
    except ValueError:
        return ""


_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def _digest(name: str, shape: str) -> Plain:
    def call(perl: Files, values: list[Value]) -> Value:
        found = hashlib.new(name, to_bytes(perl.memory.joined("", values)), usedforsecurity=False)
        if shape == "hex":
            return found.hexdigest()
        return of_bytes(base64.b64encode(found.digest())).rstrip("=") if shape == "base64" else of_bytes(found.digest())

    return call


def _moment(perl: Files, values: list[Value]) -> time.struct_time:
    return time.gmtime(max(-(1 << 40), min(integer(values[0]), 1 << 40)) if values else perl.shell.now)


def _time_text(perl: Files, values: list[Value]) -> Value:
    return time.strftime("%a %b %e %H:%M:%S %Y", _moment(perl, values))


def time_list(perl: Files, values: list[Value]) -> list[Value]:
    """Return the nine fields of localtime and gmtime; the machine's clock shows UTC."""
    at = _moment(perl, values)
    return [
        at.tm_sec,
        at.tm_min,
        at.tm_hour,
        at.tm_mday,
        at.tm_mon - 1,
        at.tm_year - 1900,
        (at.tm_wday + 1) % 7,
        at.tm_yday - 1,
        0,
    ]


def _strftime(_perl: Files, values: list[Value]) -> Value:
    parts = [integer(one, 1 << 31) for one in [*values[1:7], *[0] * 6][:6]]
    try:
        at = (parts[5] + 1900, parts[4] + 1, parts[3], parts[2], parts[1], parts[0], 0, 1, 0)
        return time.strftime(text(values[0])[:256], time.gmtime(_seconds(at)))
    except (ValueError, OverflowError, OSError):
        return ""


def _seconds(at: tuple[int, ...]) -> int:
    return calendar.timegm(at)


def _dumped(value: Value, column: int, room: list[int]) -> str:
    """Return a value as Data::Dumper shows it that begins in a column; `room` is what is left of characters to show."""
    if room[0] < 0:
        return ""
    room[0] -= column + (len(text(value)) if not isinstance(value, Ref) else 16)
    pad = " " * column
    if not isinstance(value, Ref) or column > 120:
        if isinstance(value, (int, float)) or value is None:
            return "undef" if value is None else text(value) if isinstance(value, int) else f"'{text(value)}'"
        return "'" + text(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value.target, list):
        inner = ",\n".join(f"{pad}  {_dumped(one, column + 2, room)}" for one in value.target[:1000])
        return f"[\n{inner}\n{pad}]" if inner else "[]"
    if isinstance(value.target, dict):
        pairs = list(value.target.items())[:1000]
        inner = ",\n".join(f"{pad}  '{key}' => {_dumped(one, column + 8 + len(key), room)}" for key, one in pairs)
        return f"{{\n{inner}\n{pad}}}" if inner else "{}"
    return 'sub { "DUMMY" }' if value.kind == "CODE" else f"\\{_dumped(value.target.value, column + 1, room)}"


def _dumper(_perl: Files, values: list[Value]) -> Value:
    room = [MAX_TEXT]
    shown = (f"$VAR{place} = {_dumped(value, 8, room)};\n" for place, value in enumerate(values[:1000], 1))
    return "".join(shown)[:MAX_TEXT]


def _length(perl: Files, values: list[Value]) -> Value:
    value = values[0] if values else perl.memory.scalar("_").value
    return None if value is None else len(text(value))


FUNCTIONS: dict[str, Plain] = {
    "uc": _one(str.upper),
    "lc": _one(str.lower),
    "fc": _one(str.lower),
    "length": _length,
    "ucfirst": _one(lambda one: one[:1].upper() + one[1:]),
    "lcfirst": _one(lambda one: one[:1].lower() + one[1:]),
    "ord": _one(lambda one: ord(one[0]) if one else 0),
    "chr": _one(lambda one: chr(integer(one) % 0xD800)),
    "int": _one(_int),
    "hex": _one(_hex),
    "oct": _one(_oct),
    "quotemeta": _one(lambda one: "".join(c if c.isalnum() or c == "_" else f"\\{c}" for c in one)),
    "abs": lambda perl, values: abs(number(values[0] if values else perl.memory.scalar("_").value)),
    "sqrt": _of_number(math.sqrt),
    "log": _of_number(math.log),
    "exp": _of_number(math.exp),
    "sin": _of_number(math.sin),
    "cos": _of_number(math.cos),
    "atan2": lambda _perl, values: math.atan2(real(values[0]), real(values[1])),
    "substr": _substr,
    "index": _index,
    "rindex": _rindex,
    "join": _join,
    "ref": _ref,
    "sprintf": lambda _perl, values: formatted(values),
    "pack": lambda _perl, values: packed(text(values[0] if values else ""), values[1:]),
    "time": lambda perl, _values: perl.shell.now,
    "localtime": _time_text,
    "gmtime": _time_text,
    "encode_base64": _base64,
    "decode_base64": _unbase64,
    "md5_hex": _digest("md5", "hex"),
    "md5": _digest("md5", "raw"),
    "md5_base64": _digest("md5", "base64"),
    "sha1_hex": _digest("sha1", "hex"),
    "sha256_hex": _digest("sha256", "hex"),
    "sha512_hex": _digest("sha512", "hex"),
    "strftime": _strftime,
    "Dumper": _dumper,
    "floor": _of_number(math.floor),
    "ceil": _of_number(math.ceil),
    "getppid": lambda perl, _values: perl.shell.pid,
    "hostname": lambda perl, _values: of_shell(perl.shell.machine.hostname),
    "getcwd": lambda perl, _values: of_shell(perl.shell.cwd),
    "cwd": lambda perl, _values: of_shell(perl.shell.cwd),
    "basename": _one(lambda one: one.rstrip("/").rpartition("/")[2]),
    "dirname": _one(lambda one: one.rstrip("/").rpartition("/")[0] or ("/" if one.startswith("/") else ".")),
    "sum": lambda _perl, values: sum(map(number, values)) if values else None,
    "sum0": lambda _perl, values: sum(map(number, values)),
    "max": lambda _perl, values: max(map(number, values), default=None),
    "min": lambda _perl, values: min(map(number, values), default=None),
    "blessed": lambda _perl, values: values[0].package or None if values and isinstance(values[0], Ref) else None,
}


def in_list(perl: Files, name: str, values: list[Value]) -> list[Value] | None:  # noqa: PLR0911  # a kind each
    """Return what functions return that give a list; None for others."""
    if name in ("localtime", "gmtime"):
        return time_list(perl, values)
    if name == "unpack":
        found = unpacked(
            text(values[0] if values else ""), text(values[1] if len(values) > 1 else perl.memory.scalar("_").value)
        )
        return [perl.memory.made(one) if isinstance(one, str) else one for one in found]
    if name == "reverse":
        return values[::-1]
    if name == "uniq":
        return list({text(one): one for one in values[::-1]}.values())[::-1]
    if name == "shuffle":
        return values[:MAX_ITEMS]
    if name in ("getpwnam", "getpwuid"):
        return _account(perl, name, values)
    return None


def _account(perl: Files, name: str, values: list[Value]) -> list[Value]:
    found = (
        next(
            (
                one
                for one in perl.shell.users
                if (one.name == to_shell(values[0]) if name == "getpwnam" else one.uid == integer(values[0]))
            ),
            None,
        )
        if values
        else None
    )
    if found is None:
        return []
    return [
        of_shell(found.name),
        "x",
        found.uid,
        found.gid,
        "",
        "",
        of_shell(found.name),
        of_shell(found.home),
        of_shell(found.shell),
    ]
