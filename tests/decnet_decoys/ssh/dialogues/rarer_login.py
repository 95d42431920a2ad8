# SPDX-License-Identifier: MIT
"""Rarer dialogues with keys and before the login: new keys, limits of attempts, odd keys, packets and compression."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.decnet_decoys.ssh.dialogues.dialogues import (
    ED25519,
    EXT,
    KEY_QUERY,
    NONE,
    OPEN,
    PASSWORD,
    SERVICE,
    STRICT,
    keyed,
    password,
)
from tests.decnet_decoys.ssh.dialogues.logging_in import rsa
from tests.decnet_decoys.ssh.dialogues.play_steps import (
    HEAR,
    Bare,
    Dialogue,
    broken_mac,
    logs_in,
    new_keys,
    uncompressed,
)
from tests.decnet_decoys.ssh.dialogues.rarer_opening import DEBUG, DISCONNECT, IGNORE, UNIMPLEMENTED
from tests.decnet_decoys.ssh.dialogues.raw_client import kexinit, mpint, number, request, string

ZLIB = b"zlib@openssh.com"
INTERACTIVE = request(b"root", b"keyboard-interactive", string(b"") * 2)
RIGHT = logs_in()


def signed_by(algorithm: bytes, blob: bytes, signature: bytes) -> bytes:
    return request(b"root", b"publickey", b"\1" + string(algorithm) + string(blob) + string(signature))


def _nist(curve: ec.EllipticCurve, name: bytes, named: bytes = b"") -> bytes:
    point = ec.derive_private_key(7, curve).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return string(b"ecdsa-sha2-" + name) + string(named or name) + string(point)


_P256, _P521 = _nist(ec.SECP256R1(), b"nistp256"), _nist(ec.SECP521R1(), b"nistp521")

REKEYED: dict[str, Dialogue] = {
    "new keys before a service": Dialogue([HEAR, new_keys(), SERVICE]),
    "new keys between two passwords": Dialogue([SERVICE, PASSWORD, HEAR, new_keys(), PASSWORD]),
    "new keys with IGNORE and DEBUG meanwhile": Dialogue([SERVICE, HEAR, new_keys(IGNORE, DEBUG), NONE]),
    "new keys with a password meanwhile": Dialogue([SERVICE, HEAR, new_keys(PASSWORD), NONE]),
    "new keys with a service meanwhile": Dialogue([HEAR, new_keys(SERVICE), NONE]),
    "new keys with message 192 meanwhile": Dialogue([SERVICE, HEAR, new_keys(b"\xc0"), NONE]),
    "new keys twice before a login": Dialogue([SERVICE, HEAR, new_keys(), new_keys(), NONE]),
    "new keys, strictly": Dialogue([SERVICE, HEAR, new_keys(), NONE], kex=STRICT),
    "new keys, strictly, with IGNORE meanwhile": Dialogue([SERVICE, HEAR, new_keys(IGNORE), NONE], kex=STRICT),
    "new keys, then an end of the login": Dialogue([SERVICE, HEAR, new_keys(), RIGHT, HEAR, OPEN]),
    "new keys wanted without a common cipher": Dialogue(
        [SERVICE, HEAR, kexinit(ciphers=(b"nonsense", b"nonsense")), NONE]
    ),
}
ATTEMPTS: dict[str, Dialogue] = {
    "five wrong passwords, then the right one": Dialogue([SERVICE, *[password(b"root", b"x")] * 5, RIGHT]),
    "six wrong passwords, then the right one": Dialogue([SERVICE, *[password(b"root", b"x")] * 6, RIGHT]),
    "none, then the right password": Dialogue([SERVICE, NONE, RIGHT, HEAR, OPEN]),
    "the right password twice": Dialogue([SERVICE, RIGHT, RIGHT, OPEN]),
    "the right password, and a byte": Dialogue([SERVICE, logs_in(after=b"x")]),
    "the right password, to be changed": Dialogue([SERVICE, logs_in(after=string(b"new"), flag=b"\1")]),
    "the right password with a style": Dialogue([SERVICE, logs_in(b"root:x"), HEAR, OPEN]),
    "the right password of ROOT": Dialogue([SERVICE, logs_in(b"ROOT")]),
    "the right password and NUL": Dialogue([SERVICE, logs_in(b"root\0")]),
    "the right password, and a channel at once": Dialogue([SERVICE, RIGHT, OPEN]),
    "keyboard-interactive ten times": Dialogue([SERVICE, *[INTERACTIVE] * 10]),
    "keyboard-interactive cut short": Dialogue([SERVICE, INTERACTIVE[:-4]]),
    "keyboard-interactive with a byte too many": Dialogue([SERVICE, INTERACTIVE + b"x"]),
    "keyboard-interactive, language and devices": Dialogue(
        [SERVICE, request(b"root", b"keyboard-interactive", string(b"de") + string(b"skey,bsdauth,pam"))]
    ),
    "all methods one after the other": Dialogue(
        [SERVICE, NONE, KEY_QUERY, INTERACTIVE, password(b"root", b"x"), request(b"root", b"hostbased")]
    ),
    "a service again after a failure": Dialogue([SERVICE, PASSWORD, SERVICE, PASSWORD]),
    "a password in pieces of 1,000": Dialogue([SERVICE, password(b"root", b"x" * 30_000)]),
    "nobody's key, then nobody's password": Dialogue(
        [SERVICE, request(b"nosuchuser", b"publickey", b"\0" + string(b"ssh-ed25519") + string(ED25519)), PASSWORD]
    ),
}
KEYS: dict[str, Dialogue] = {
    "a key of P-256": Dialogue([SERVICE, keyed(b"ecdsa-sha2-nistp256", _P256)]),
    "a key of P-521": Dialogue([SERVICE, keyed(b"ecdsa-sha2-nistp521", _P521)]),
    "a key of P-256 that says P-384": Dialogue(
        [SERVICE, keyed(b"ecdsa-sha2-nistp256", _nist(ec.SECP256R1(), b"nistp256", b"nistp384"))]
    ),
    "a key of P-256 by another's name": Dialogue([SERVICE, keyed(b"ecdsa-sha2-nistp521", _P256)]),
    "a key of 33 bytes": Dialogue([SERVICE, keyed(b"ssh-ed25519", string(b"ssh-ed25519") + string(bytes(33)))]),
    "a key with bytes after it": Dialogue([SERVICE, keyed(b"ssh-ed25519", ED25519 + b"xyz")]),
    "a key of RSA of 1024 bits": Dialogue([SERVICE, keyed(b"rsa-sha2-256", rsa(1024))]),
    "a key of RSA, negative": Dialogue(
        [SERVICE, keyed(b"rsa-sha2-256", string(b"ssh-rsa") + mpint(65537) + string(b"\xff" * 256))]
    ),
    "a key of RSA of nothing": Dialogue([SERVICE, keyed(b"rsa-sha2-256", string(b"ssh-rsa") + mpint(0) * 2)]),
    "a key of a webauthn token": Dialogue(
        [SERVICE, keyed(b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", string(b"sk-ecdsa-sha2-nistp256@openssh.com"))]
    ),
    "a signature by another algorithm": Dialogue(
        [SERVICE, signed_by(b"ssh-ed25519", ED25519, string(b"ssh-rsa") + string(bytes(64)))]
    ),
    "a signature by ssh-rsa": Dialogue(
        [SERVICE, signed_by(b"ssh-rsa", rsa(2048), string(b"ssh-rsa") + string(bytes(256)))]
    ),
    "a signature by rsa-sha2-512": Dialogue(
        [SERVICE, signed_by(b"rsa-sha2-512", rsa(2048), string(b"rsa-sha2-512") + string(bytes(256)))]
    ),
    "a signature and a byte": Dialogue(
        [SERVICE, signed_by(b"ssh-ed25519", ED25519, string(b"ssh-ed25519") + string(bytes(64))) + b"x"]
    ),
    "ten keys of many kinds": Dialogue(
        [SERVICE, *[keyed(b"ecdsa-sha2-nistp256", _P256), keyed(b"rsa-sha2-512", rsa(2048))] * 5]
    ),
}
PACKETS: dict[str, Dialogue] = {
    "no wish for EXT_INFO": Dialogue([SERVICE, NONE]),
    "EXT_INFO of no-flow-control": Dialogue(
        [b"\7" + number(1) + string(b"no-flow-control") + string(b"p"), SERVICE], kex=EXT
    ),
    "EXT_INFO before and after the service": Dialogue([b"\7" + number(0), SERVICE, b"\7" + number(0), NONE], kex=EXT),
    "EXT_INFO with a name of NUL": Dialogue([b"\7" + number(1) + string(b"a\0b") + string(b"c"), SERVICE]),
    "IGNORE of nothing while logging in": Dialogue([SERVICE, b"\2", NONE]),
    "IGNORE of 32,000 bytes while logging in": Dialogue([SERVICE, b"\2" + string(bytes(32_000)), NONE]),
    "IGNORE of 34,980 bytes while logging in": Dialogue([SERVICE, b"\2" + string(bytes(34_980)), NONE]),
    "IGNORE of 40,000 bytes while logging in": Dialogue([SERVICE, b"\2" + string(bytes(40_000)), NONE]),
    "DEBUG of nothing while logging in": Dialogue([SERVICE, b"\4", NONE]),
    "DEBUG, UNIMPLEMENTED, and on": Dialogue([SERVICE, DEBUG, UNIMPLEMENTED, NONE]),
    "DISCONNECT after a wrong password": Dialogue([SERVICE, PASSWORD, HEAR, DISCONNECT]),
    "a length of 35,000": Dialogue([SERVICE, Bare(number(35_004) + bytes(60))]),
    "a length of 262,140": Dialogue([SERVICE, Bare(number(262_140) + bytes(60))]),
    "a length of 12 for a block of 16": Dialogue([SERVICE, Bare(number(12) + b"\4" + bytes(11))]),
    "a wrong MAC, then none": Dialogue([SERVICE, HEAR, broken_mac(NONE), NONE]),
    "a wrong MAC of IGNORE": Dialogue([SERVICE, HEAR, broken_mac(IGNORE), HEAR, NONE]),
    "NEWKEYS again after a service": Dialogue([SERVICE, HEAR, b"\x15"]),
    "messages of a group while logging in": Dialogue([SERVICE, b"\x22" + number(2048) * 3]),
    "message 79": Dialogue([SERVICE, b"\x4f"]),
    "messages of channels before a login": Dialogue([SERVICE, b"\x60" + number(0), b"\x61" + number(0)]),
}
COMPRESSED: dict[str, Dialogue] = {
    "compression, and a login": Dialogue([SERVICE, RIGHT, HEAR, OPEN], compression=ZLIB),
    "compression that is not begun": Dialogue([SERVICE, RIGHT, HEAR, uncompressed(OPEN)], compression=ZLIB),
    "compression, and new keys": Dialogue([SERVICE, HEAR, new_keys(), RIGHT, HEAR, OPEN], compression=ZLIB),
    "compression of a megabyte of zeros": Dialogue(
        [SERVICE, RIGHT, HEAR, b"\2" + string(bytes(1 << 20)), OPEN], compression=ZLIB
    ),
    "compression of an empty packet": Dialogue([SERVICE, RIGHT, HEAR, uncompressed(b""), OPEN], compression=ZLIB),
    "compression of a wrong password": Dialogue([SERVICE, PASSWORD, RIGHT], compression=ZLIB),
}
DIALOGUES: Mapping[str, Dialogue] = REKEYED | ATTEMPTS | KEYS | PACKETS | COMPRESSED
