# SPDX-License-Identifier: MIT
"""JARM as published (github.com/salesforce/jarm): ten ClientHellos, and what their answers have in common.

The fingerprint has 62 characters: for each hello two for the cipher and one for the version that the server chose, then
the first 32 hexadecimal digits of the SHA-256 of the ALPN values and extension numbers of all answers. It is all zeros
when no hello was answered. The oddities of the reference are kept, or values would not compare: it takes the first
`MOST` bytes for the whole answer, and `spdy/3` and `h2` are one entry of the list that it reorders.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import pack
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")
Random = Callable[[int], bytes]
"""Returns that many random bytes, as `os.urandom`."""
Order = Literal["forward", "reverse", "top half", "bottom half", "middle out"]

MOST = 1484
"""Bytes of an answer that are read."""
SILENCE = "0" * 62
"""The fingerprint of a host that answers nothing."""

_CIPHERS = (
    "0016 0033 0067 c09e c0a2 009e 0039 006b c09f c0a3 009f 0045 00be 0088 00c4 009a c008 c009 c023 c0ac c0ae c02b "
    "c00a c024 c0ad c0af c02c c072 c073 cca9 1302 1301 cc14 c007 c012 c013 c027 c02f c014 c028 c030 c060 c061 c076 "
    "c077 cca8 1305 1304 1303 cc13 c011 000a 002f 003c c09c c0a0 009c 0035 003d c09d c0a1 009d 0041 00ba 0084 00c0 "
    "0007 0004 0005"
)
_ALL = _CIPHERS.split()
_WITHOUT_13 = [cipher for cipher in _ALL if not cipher.startswith("13")]
_BY_NUMBER = {
    cipher: number
    for number, cipher in enumerate(sorted(_ALL, key=lambda cipher: (cipher.startswith("13"), cipher)), start=1)
}
"""A cipher's place in the fingerprint; those of TLS 1.3 come last."""
_UNKNOWN = len(_ALL) + 1

_ALPN = [
    b"\x08http/0.9", b"\x08http/1.0", b"\x08http/1.1", b"\x06spdy/1", b"\x06spdy/2", b"\x06spdy/3\x02h2", b"\x03h2c",
    b"\x02hq",
]  # fmt: skip
_RARE_ALPN = [
    b"\x08http/0.9", b"\x08http/1.0", b"\x06spdy/1", b"\x06spdy/2", b"\x06spdy/3", b"\x03h2c", b"\x02hq",
]  # fmt: skip
_VERSIONS = [b"\x03\x01", b"\x03\x02", b"\x03\x03", b"\x03\x04"]


class HelloVariant(NamedTuple):
    """How one of the ten hellos is built."""

    version: int
    """Of the hello, minus 0x0300; 4 is TLS 1.3, which is sent as 1.2."""
    order: Order
    """Order of the ciphers."""
    ciphers: Sequence[str] = _ALL
    grease: bool = False
    rare_alpn: bool = False
    supported: int = 0
    """How many versions the extension supported_versions offers; 0: it is omitted."""
    reverse: bool = False
    """Whether ALPN values and versions are in reverse order."""


HELLOS = (
    HelloVariant(3, "forward", supported=3, reverse=True),
    HelloVariant(3, "reverse", supported=3),
    HelloVariant(3, "top half"),
    HelloVariant(3, "bottom half", rare_alpn=True),
    HelloVariant(3, "middle out", grease=True, rare_alpn=True, reverse=True),
    HelloVariant(2, "forward"),
    HelloVariant(4, "forward", supported=4, reverse=True),
    HelloVariant(4, "reverse", supported=4),
    HelloVariant(4, "forward", ciphers=_WITHOUT_13, supported=4),
    HelloVariant(4, "middle out", grease=True, supported=4, reverse=True),
)


class ServerChoice(NamedTuple):
    """What a ServerHello chose, in the form of the fingerprint; all empty when there was none."""

    cipher: str = ""
    version: str = ""
    alpn: str = ""
    extensions: str = ""

    def __str__(self) -> str:
        return "|".join(self)


NO_ANSWER = ServerChoice()


def client_hello(hello: HelloVariant, name: str, random: Random) -> bytes:
    """Return the record that asks for the server `name` (truncated to 255 characters)."""
    ciphers = [bytes.fromhex(cipher) for cipher in ordered(hello.ciphers, hello.order)]
    if hello.grease:
        ciphers.insert(0, _grease(random))
    body = b"".join(
        (
            bytes((3, min(hello.version, 3))),
            random(32),
            _sized(1, random(32)),
            _sized(2, b"".join(ciphers)),
            b"\x01\x00",
            _sized(2, b"".join(_extensions(hello, name, random))),
        )
    )
    record_version = 1 if hello.version == 4 else hello.version
    return bytes((22, 3, record_version)) + _sized(2, b"\x01" + _sized(3, body))


def ordered(items: Sequence[T], order: Order) -> list[T]:
    """Return `items` in one of the five orders; the halves drop the other half."""
    middle, odd = divmod(len(items), 2)
    if order == "reverse":
        return list(reversed(items))
    if order == "bottom half":
        return list(items[middle + odd :])
    if order == "top half":
        return list(reversed(items[: middle + odd]))
    if order == "middle out":
        upper, lower = items[middle + odd :], items[:middle]
        pairs = [item for pair in zip(upper, reversed(lower), strict=True) for item in pair]
        return [items[middle], *pairs] if odd else pairs
    return list(items)


def _extensions(hello: HelloVariant, name: str, random: Random) -> Iterator[bytes]:
    """Yield the extensions in order, each with its number and length."""
    if hello.grease:
        yield _grease(random) + b"\x00\x00"
    host = name.encode("utf-8", "replace")[:255]
    yield _extension(0x0000, _sized(2, b"\x00" + _sized(2, host)))
    yield _extension(0x0017, b"")
    yield _extension(0x0001, b"\x01")
    yield _extension(0xFF01, b"\x00")
    yield _extension(0x000A, _sized(2, bytes.fromhex("001d001700180019")))
    yield _extension(0x000B, b"\x01\x00")
    yield _extension(0x0023, b"")
    alpn = _RARE_ALPN if hello.rare_alpn else _ALPN
    yield _extension(0x0010, _sized(2, b"".join(reversed(alpn) if hello.reverse else alpn)))
    yield _extension(0x000D, _sized(2, bytes.fromhex("040308040401050308050501080606010201")))
    share = _grease(random) + b"\x00\x01\x00" if hello.grease else b""
    yield _extension(0x0033, _sized(2, share + b"\x00\x1d" + _sized(2, random(32))))
    yield _extension(0x002D, b"\x01\x01")
    if hello.supported:
        versions = _VERSIONS[: hello.supported]
        listed = b"".join(reversed(versions) if hello.reverse else versions)
        yield _extension(0x002B, _sized(1, (_grease(random) if hello.grease else b"") + listed))


def _grease(random: Random) -> bytes:
    """Return one of the sixteen values of RFC 8701."""
    return bytes((random(1)[0] & 0xF0 | 0x0A,)) * 2


def _sized(digits: int, data: bytes) -> bytes:
    return len(data).to_bytes(digits, "big") + data


def _extension(number: int, data: bytes) -> bytes:
    return pack("!HH", number, len(data)) + data


def complete(data: bytes) -> bool:
    """Return whether more bytes cannot change the result of `read_answer`."""
    if len(data) >= MOST or (data and data[0] != 22):
        return True
    return len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[3:5], "big")


def read_answer(data: bytes) -> ServerChoice:
    """Parse the first bytes that a server sent; never raises."""
    data = data[:MOST]
    if len(data) < 44 or data[0] != 22 or data[5] != 2 or data[10] & 15 > 5:
        return NO_ANSWER
    at = 44 + data[43]
    cipher, version = data[at : at + 2].hex(), data[9:11].hex()
    if len(data) <= at + 3 or data[at + 3] == 11 or data[at + 6 : at + 9] == b"\x0e\xac\x0b":
        return ServerChoice(cipher, version)  # the next message follows: there are no extensions
    if data[82:85] == b"\x0f\xf0\x0b":
        return ServerChoice(cipher, version)
    end = at + 4 + int.from_bytes(data[at + 3 : at + 5], "big")
    extensions = _read_extensions(data, at + 5, end)
    return NO_ANSWER if extensions is None else ServerChoice(cipher, version, *extensions)


def _read_extensions(data: bytes, at: int, end: int) -> tuple[str, str] | None:
    """Return the ALPN value and the extension numbers, None when they are cut short."""
    numbers: list[str] = []
    alpn: bytes | None = None
    while at < end:
        number, size = data[at : at + 2], data[at + 2 : at + 4]
        if not size:
            return None
        length = int.from_bytes(size, "big")
        if number == b"\x00\x10" and alpn is None:
            if not length:
                return None
            alpn = data[at + 4 : at + 4 + length][3:]
        numbers.append(number.hex())
        at += 4 + length
    try:
        return (alpn or b"").decode(), "-".join(numbers)
    except UnicodeDecodeError:
        return None


def fingerprint(answers: Sequence[ServerChoice]) -> str:
    """Return the JARM of the answers to `HELLOS`, in that order."""
    if all(answer == NO_ANSWER for answer in answers):
        return SILENCE
    import hashlib

    chosen = "".join(_cipher(answer.cipher) + _version(answer.version) for answer in answers)
    rest = "".join(answer.alpn + answer.extensions for answer in answers)
    return chosen + hashlib.sha256(rest.encode()).hexdigest()[:32]


def _cipher(cipher: str) -> str:
    return f"{_BY_NUMBER.get(cipher, _UNKNOWN):02x}" if cipher else "00"


def _version(version: str) -> str:
    return "abcdef"[int(version[3])] if version else "0"
