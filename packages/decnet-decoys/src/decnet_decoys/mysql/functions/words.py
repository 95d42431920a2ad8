# SPDX-License-Identifier: MIT
"""Functions of text that look for a part of it, and of addresses."""

import ipaddress
import struct
import zlib
from collections.abc import Sequence
from typing import Final

from decnet_decoys.mysql.functions.function import Function, Made
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.values import MOST, Value, compared, number, raw, text


def _before(given: Sequence[Value]) -> Value:
    """Return what stands before the n-th delimiter; after it, counted from the end, if n is negative."""
    whole, delimiter, count = text(given[0]), text(given[1]), int(number(given[2]))
    if not delimiter or not count:
        return ""
    step(whole.count(delimiter) // 8)
    parts = whole.split(delimiter)
    return delimiter.join(parts[:count] if count > 0 else parts[count:])


def _inserted(given: Sequence[Value]) -> Value:
    whole, place, size, new = text(given[0]), int(number(given[1])), int(number(given[2])), text(given[3])
    if not 1 <= place <= len(whole):
        return whole
    end = place - 1 + size if 0 <= size <= len(whole) - place else len(whole)
    return whole[: place - 1] + new + whole[end:]


def _field(given: Sequence[Value]) -> Value:
    return next((place for place, one in enumerate(given[1:], 1) if compared(given[0], one) == 0), 0)


def _in_set(given: Sequence[Value]) -> Value:
    one, among = text(given[0]), text(given[1])
    step(among.count(","))
    return next((place for place, each in enumerate(among.split(","), 1) if among and compared(one, each) == 0), 0)


def _number_of_address(given: Sequence[Value]) -> Value:
    try:
        return int(ipaddress.IPv4Address(text(given[0])[:32]))
    except ValueError:
        return None


def _address_of_number(given: Sequence[Value]) -> Value:
    value = int(number(given[0]))
    return str(ipaddress.IPv4Address(value)) if 0 <= value < 1 << 32 else None


def _bytes_of_address(given: Sequence[Value]) -> Value:
    try:
        return ipaddress.ip_address(text(given[0])[:64]).packed
    except ValueError:
        return None


def _address_of_bytes(given: Sequence[Value]) -> Value:
    data = raw(given[0])
    if len(data) not in (4, 16):
        return None
    found = ipaddress.ip_address(data)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return f"::ffff:{mapped}" if mapped is not None else str(found)


def _is_address(version: int) -> Made:
    def made(given: Sequence[Value]) -> Value:
        try:
            return int(ipaddress.ip_address(text(given[0])[:64]).version == version)
        except ValueError:
            return 0

    return made


def _compressed(given: Sequence[Value]) -> Value:
    data = raw(given[0])
    step(len(data) // 32)
    return struct.pack("<I", len(data)) + zlib.compress(data) if data else b""


def _uncompressed(given: Sequence[Value]) -> Value:
    data = raw(given[0])
    size = int.from_bytes(data[:4], "little")
    if len(data) < 5 or size > MOST:
        return None
    step(size // 64)
    try:
        return zlib.decompressobj().decompress(data[4:], size)
    except zlib.error:
        return None


_SOUNDS: Final = {
    **dict.fromkeys("BFPV", "1"), **dict.fromkeys("CGJKQSXZ", "2"), **dict.fromkeys("DT", "3"), "L": "4",
    **dict.fromkeys("MN", "5"), "R": "6",
}  # fmt: skip


def _sounds(given: Sequence[Value]) -> Value:
    letters = [one for one in text(given[0]).upper()[:1024] if one.isalpha()]
    if not letters:
        return ""
    codes, last = "", _SOUNDS.get(letters[0], "")
    for one in letters[1:]:
        code = _SOUNDS.get(one, "")
        if code and code != last:
            codes += code
        if one not in "HW":
            last = code
    return letters[0] + codes.ljust(3, "0")


def _chosen(given: Sequence[Value]) -> Value:
    bits = int(number(given[0])) if given[0] is not None else 0
    return ",".join(text(one) for place, one in enumerate(given[1:]) if bits >> place & 1 and one is not None)


def _bits_shown(given: Sequence[Value]) -> Value:
    bits, count = int(number(given[0])), int(number(given[4])) if len(given) > 4 else 64
    between = text(given[3]) if len(given) > 3 else ","
    on, off = text(given[1])[:256], text(given[2])[:256]
    return between[:256].join(on if bits >> place & 1 else off for place in range(max(0, min(64, count))))


def _trimmed(given: Sequence[Value]) -> Value:
    """Return a text without what TRIM(BOTH, LEADING or TRAILING ... FROM ...) takes away."""
    side, gone, whole = text(given[0]), text(given[1]), text(given[2])
    if not gone:
        return whole
    step(len(whole) // 8)
    first, last = 0, len(whole)
    while side != "trailing" and whole.startswith(gone, first):
        first += len(gone)
    while side != "leading" and last - len(gone) >= first and whole.endswith(gone, first, last):
        last -= len(gone)
    return whole[first:last]


def _of_aes(given: Sequence[Value], *, decrypts: bool) -> Value:
    """Encrypt or decrypt by AES-128 in ECB mode, with the key folded to its size, as MariaDB does by default."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    data, key = raw(given[0]), bytearray(_KEY_BYTES)
    for place, byte in enumerate(raw(given[1])[:4096]):
        key[place % _KEY_BYTES] ^= byte
    step(len(data) // 64)
    cipher = Cipher(algorithms.AES(bytes(key)), modes.ECB())  # noqa: S305  # as there
    if not decrypts:
        left = _KEY_BYTES - len(data) % _KEY_BYTES
        return cipher.encryptor().update(data + bytes((left,)) * left)
    if not data or len(data) % _KEY_BYTES:
        return None
    found = cipher.decryptor().update(data)
    left = found[-1]
    fits = 1 <= left <= _KEY_BYTES and found.endswith(bytes((left,)) * left)
    return found[:-left] if fits else None


_KEY_BYTES: Final = 16
FUNCTIONS: Final[dict[str, Function]] = {
    "aes_encrypt": Function(2, 2, lambda given: _of_aes(given, decrypts=False)),
    "aes_decrypt": Function(2, 2, lambda given: _of_aes(given, decrypts=True)),
    "inet6_aton": Function(1, 1, _bytes_of_address),
    "inet6_ntoa": Function(1, 1, _address_of_bytes),
    "is_ipv4": Function(1, 1, _is_address(4)),
    "is_ipv6": Function(1, 1, _is_address(6)),
    "compress": Function(1, 1, _compressed),
    "uncompress": Function(1, 1, _uncompressed),
    "uncompressed_length": Function(1, 1, lambda given: int.from_bytes(raw(given[0])[:4], "little")),
    "soundex": Function(1, 1, _sounds),
    "make_set": Function(2, 64, _chosen, strict=False),
    "export_set": Function(3, 5, _bits_shown),
    "trim from": Function(3, 3, _trimmed),
    "chr": Function(1, 1, lambda given: chr(int(number(given[0])) & 0x7F)),
    "nvl": Function(2, 2, lambda given: given[0] if given[0] is not None else given[1], strict=False),
    "nvl2": Function(3, 3, lambda given: given[1] if given[0] is not None else given[2], strict=False),
    "name_const": Function(2, 2, lambda given: given[1], strict=False),
    "substring_index": Function(3, 3, _before),
    "insert": Function(4, 4, _inserted),
    "field": Function(2, 64, _field, strict=False),
    "find_in_set": Function(2, 2, _in_set),
    "inet_aton": Function(1, 1, _number_of_address),
    "inet_ntoa": Function(1, 1, _address_of_number),
}
