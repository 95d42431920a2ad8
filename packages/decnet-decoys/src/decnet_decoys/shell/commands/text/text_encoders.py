# SPDX-License-Identifier: MIT
"""Commands about files as bytes: dd, base64, checksums, xxd."""

from __future__ import annotations

import base64
import binascii
import hashlib

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.registry import command

ENDLESS = frozenset(("/dev/zero", "/dev/urandom", "/dev/random"))


@command("dd")
def dd(call: Call) -> Effects:
    """Copy with if=, of=, bs= and count=."""
    values = dict(arg.partition("=")[::2] for arg in call.args)
    source, block = values.get("if"), max(1, count(values.get("bs", "512")))
    size = block * count(values["count"]) if "count" in values else 1 << 30
    if source in ENDLESS:
        data = (noise(source) * 256)[: min(size, 1 << 20)]
    else:
        found = call.read(source) if source else (yield from call.input())
        if found is None:
            return 1
        data = found[:size]
    if values.get("of"):
        yield from call.runner.save(values["of"], data, err=call.err)
    else:
        call.out.write(data)
    copied = size if source in ENDLESS and "count" in values else len(data)
    records = f"{copied // block}+{int(copied % block > 0)} records"
    if values.get("status") != "none":
        call.print_error(f"{records} in\n{records} out\n{_speed(copied)}")
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
    data = b"".join(data for _, data in (yield from call.sources(operands)))
    if not {"d", "D", "decode"} & options.keys():
        encoded = base64.b64encode(data)
        for start in range(0, len(encoded), 76):
            call.out.write(encoded[start : start + 76] + b"\n")
        return 0
    try:
        call.out.write(base64.b64decode(b"".join(data.split()), validate=True))
    except (binascii.Error, ValueError):
        return call.fail("invalid input")
    return 0


@command("md5sum", "sha1sum", "sha256sum", "sha512sum")
def digest(call: Call) -> Effects:
    _, operands = call.flags()
    for path, data in (yield from call.sources(operands)):
        found = hashlib.new(call.name.removesuffix("sum"), data, usedforsecurity=False).hexdigest()
        call.print(f"{found}  {path}")
    return 0


@command("xxd", "hexdump", "od")
def xxd(call: Call) -> Effects:
    options, operands = call.flags("lnNAtsc")
    length = options.get("l") or options.get("N") or options.get("n") or "1048576"
    for _, data in (yield from call.sources(operands)):
        size = min(len(data), count(length), 1 << 16)
        for start in range(0, size, 16):
            row = data[start : min(start + 16, size)]
            pairs = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            call.print(f"{start:08x}: {pairs:<39}  {shown}")
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
