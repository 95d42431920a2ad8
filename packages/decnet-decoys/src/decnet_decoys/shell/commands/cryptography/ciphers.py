# SPDX-License-Identifier: MIT
"""`openssl enc`: files that are encrypted by a password or a key, as droppers carry their payload (openssl-enc(1)).

Nothing of the decoy is encrypted by it but what an intruder gives; sizes and rounds are bounded.
"""

import base64
import binascii
import hashlib
import os
from itertools import pairwise

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import encode

MAX_DATA = 1 << 18
"""Bytes that are encrypted or decrypted."""
MAX_ROUNDS = 50_000
"""Rounds of PBKDF2 that are done; a key that wants more of them comes out wrong."""
_AT_ONCE = 500
_MAGIC = b"Salted__"
_KEYS = {"aes-128": 16, "aes-192": 24, "aes-256": 32}
_ALIASES = {"aes128": "aes-128-cbc", "aes192": "aes-192-cbc", "aes256": "aes-256-cbc"}
_VALUED = ("-in", "-out", "-k", "-pass", "-K", "-iv", "-S", "-md", "-iter", "-kfile", "-bufsize", "-saltlen")
_WEAK = "*** WARNING : deprecated key derivation used.\nUsing -iter or -pbkdf2 would be better."

_PLACE = "../providers/implementations/ciphers/ciphercommon"
_PADDING = f"1C800064:Provider routines:ossl_cipher_unpadblock:bad decrypt:{_PLACE}_block.c:124:"
_LENGTH = f"1C80006B:Provider routines:ossl_cipher_generic_block_final:wrong final block length:{_PLACE}.c:440:"
_SHORT = "hex string is too short, padding with zero bytes to length"


def encoded_by(args: list[str]) -> str:
    """Return the cipher that the arguments of `openssl enc` name, empty for none that is known."""
    for arg in args:
        name = _ALIASES.get(arg[1:], arg[1:])
        if name[:7] in _KEYS and name[7:] in ("-cbc", "-ctr", "-ecb"):
            return name
    return ""


def enc(call: Call, args: list[str]) -> Effects:
    """Encrypt or decrypt standard input or a file."""
    values = {one: after for one, after in pairwise(args) if one in _VALUED}
    sources = yield from call.sources([values["-in"]] if "-in" in values else [])
    if not sources:
        return 1
    data = sources[0].whole(MAX_DATA)
    decrypts, armoured = "-d" in args, "-a" in args or "-base64" in args
    if decrypts and armoured:
        try:
            data = base64.b64decode(b"".join(data.split()))
        except (binascii.Error, ValueError):
            call.print_error("error reading input file")
            return 1
    keyed = yield from _keyed(call, args, values, data)
    if keyed is None:
        return 1
    key, vector, salt, start = keyed
    made = _applied(encoded_by(args), key, vector, data[start:], decrypts=decrypts, padded="-nopad" not in args)
    if made is None:
        wrong = _PADDING if len(data[start:]) % 16 == 0 else _LENGTH
        call.print_error(f"bad decrypt\n{os.urandom(6).hex().upper()}0000:error:{wrong}")
        return 1
    made = made if decrypts or not salt else _MAGIC + salt + made
    if armoured and not decrypts:
        text = base64.b64encode(made)
        wide = len(text) or 1 if "-A" in args else 64
        rows = [text[at : at + wide] for at in range(0, len(text), wide)]
        made = b"".join(rows) if "-A" in args else b"".join(row + b"\n" for row in rows)
    if "-out" in values:
        yield from call.runner.save(values["-out"], made, err=call.err)
    else:
        call.out.write(made)
    return 0


def _keyed(
    call: Call, args: list[str], values: dict[str, str], data: bytes
) -> Steps[tuple[bytes, bytes, bytes, int] | None]:
    """Return key, initial vector, the salt that is written, and where the encrypted data begins."""
    cipher = encoded_by(args)
    size, vector_size = _KEYS[cipher[:7]], 0 if cipher.endswith("ecb") else 16
    try:
        given = bytes.fromhex(values.get("-K", ""))
        vector = bytes.fromhex(values.get("-iv", "")).ljust(vector_size, b"\0")[:vector_size]
        salt = bytes.fromhex(values.get("-S", "")).ljust(8, b"\0")[:8] if "-S" in values else b""
    except ValueError:
        call.print_error("non-hex digit\ninvalid hex key value")
        return None
    if "-K" in values:
        if vector_size and "-iv" not in values:
            call.print_error("iv undefined")
            return None
        for short in (len(given) < size, vector_size and len(values["-iv"]) < 2 * vector_size):
            if short:
                call.print_error(_SHORT)
        return given.ljust(size, b"\0")[:size], vector, b"", 0
    password = _password(call, values)
    if password is None:
        return None
    start, written = 0, b""
    if "-nosalt" not in args and "-d" in args:
        if not data.startswith(_MAGIC):
            call.print_error("bad magic number")
            return None
        salt, start = data[8:16], 16
    elif "-nosalt" not in args:
        written = b"" if salt else os.urandom(8)
        salt = salt or written
    made = yield from _material(call, args, values, (password, salt), size + vector_size)
    return made[:size], made[size:], written, start


def _material(
    call: Call, args: list[str], values: dict[str, str], made_of: tuple[bytes, bytes], size: int
) -> Steps[bytes]:
    """Return key and initial vector made of password and salt, as the options say."""
    password, salt = made_of
    digest = values.get("-md", "sha256")
    digest = digest if digest in ("md5", "sha1", "sha256", "sha512") else "sha256"
    rounds = values.get("-iter", "10000")
    if "-pbkdf2" in args or "-iter" in values:
        count = max(1, min(int(rounds[:6]), MAX_ROUNDS)) if rounds.isdecimal() else 10_000
        return (yield from _by_pbkdf2(digest, password, salt, count, size))
    call.print_error(_WEAK)
    return _by_digests(digest, password + salt, size)


def _password(call: Call, values: dict[str, str]) -> bytes | None:
    if "-k" in values:
        return encode(values["-k"])
    kind, _, word = values.get("-pass", "").partition(":")
    if kind == "pass":
        return encode(word)
    if kind == "env" and word in call.shell.variables:
        return encode(call.shell.variables[word])
    path = values.get("-kfile", word if kind == "file" else "")
    source = call.open(path) if path else None
    if source is None:
        call.print_error("Error getting password")
        return None
    return source.whole(1024).partition(b"\n")[0]


def _by_pbkdf2(digest: str, password: bytes, salt: bytes, rounds: int, size: int) -> Steps[bytes]:
    """Return key material by PBKDF2 (RFC 8018, section 5.2), a turn each few hundred rounds."""
    import hmac

    keyed, made, number = hmac.new(password, digestmod=digest), b"", 0
    while len(made) < size:
        number += 1
        first = keyed.copy()
        first.update(salt + number.to_bytes(4, "big"))
        last = first.digest()
        whole = int.from_bytes(last, "big")
        for one in range(rounds - 1):
            again = keyed.copy()
            again.update(last)
            last = again.digest()
            whole ^= int.from_bytes(last, "big")
            if one % _AT_ONCE == 0:
                yield from turn()
        made += whole.to_bytes(len(last), "big")
    return made[:size]


def _by_digests(digest: str, start: bytes, size: int) -> bytes:
    """Return key material as EVP_BytesToKey makes it in one round: each digest is of the one before and `start`."""
    made = last = b""
    while len(made) < size:
        last = hashlib.new(digest, last + start, usedforsecurity=False).digest()
        made += last
    return made[:size]


def _applied(cipher: str, key: bytes, vector: bytes, data: bytes, *, decrypts: bool, padded: bool) -> bytes | None:
    """Return the data encrypted or decrypted; None when it cannot be what a key of this kind made."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    mode = modes.CBC(vector) if cipher.endswith("cbc") else modes.CTR(vector) if cipher.endswith("ctr") else modes.ECB()  # noqa: S305  # what the intruder asks for
    engine, stream = Cipher(algorithms.AES(key), mode), cipher.endswith("ctr")
    if decrypts:
        if not stream and (len(data) % 16 or not data):
            return None
        step = engine.decryptor()
        whole = step.update(data) + step.finalize()
        if stream or not padded:
            return whole
        size = whole[-1]
        return whole[:-size] if 0 < size <= 16 and whole.endswith(bytes((size,)) * size) else None
    if not stream and padded:
        size = 16 - len(data) % 16
        data += bytes((size,)) * size
    if not stream and len(data) % 16:
        return None
    encryptor = engine.encryptor()
    return encryptor.update(data) + encryptor.finalize()
