# SPDX-License-Identifier: MIT
"""More dialogues with keys and before the login: methods, keys and signatures, names, packets that are broken."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.decnet_decoys.ssh.dialogues.dialogues import (
    ED25519,
    KEY_QUERY,
    NONE,
    OPEN,
    PASSWORD,
    SERVICE,
    keyed,
    password,
)
from tests.decnet_decoys.ssh.dialogues.play_steps import Bare, Step, broken_mac, signed
from tests.decnet_decoys.ssh.dialogues.raw_client import kexinit, mpint, number, request, string

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_BLOB = string(b"ssh-ed25519") + string(_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def rsa(bits: int) -> bytes:
    return string(b"ssh-rsa") + mpint(65537) + mpint((1 << bits) - 159)


_HOSTBASED = string(b"ssh-ed25519") + string(ED25519) + string(b"client.example") + string(b"root") + string(b"x" * 64)

METHODS: dict[str, Sequence[Step]] = {
    "method NONE": [SERVICE, request(b"root", b"NONE")],
    "method none with a password": [SERVICE, request(b"root", b"none", b"\0" + string(b"x"))],
    "method none twenty-five times": [SERVICE, *[NONE] * 25],
    "method hostbased in full": [SERVICE, request(b"root", b"hostbased", _HOSTBASED)],
    "method gssapi-keyex": [SERVICE, request(b"root", b"gssapi-keyex", string(b"x"))],
    "method gssapi-with-mic in full": [
        SERVICE,
        request(b"root", b"gssapi-with-mic", number(1) + string(bytes.fromhex("06092a864886f712010202"))),
    ],
    "method keyboard-interactive of pam": [
        SERVICE,
        request(b"root", b"keyboard-interactive", string(b"") + string(b"pam")),
    ],
    "an answer to no question": [SERVICE, b"\x3d" + number(1) + string(b"x")],
    "method keyboard-interactive, and an answer": [
        SERVICE,
        request(b"root", b"keyboard-interactive", string(b"") * 2),
        b"\x3d" + number(1) + string(b"x"),
    ],
    "method of 300 letters": [SERVICE, request(b"root", b"x" * 300)],
    "method with NUL": [SERVICE, request(b"root", b"none\0x")],
    "a service of nothing": [SERVICE, request(b"root", b"none", service=b"")],
    "a password before a service": [PASSWORD],
    "both services": [SERVICE, b"\x05" + string(b"ssh-connection")],
    "a channel before a service": [OPEN],
    "a service with NUL": [b"\x05" + string(b"ssh-userauth\0")],
    "a password, wrong, then none": [SERVICE, PASSWORD, request(b"nosuchuser", b"none")],
    "a boolean of 2": [SERVICE, request(b"nosuchuser", b"password", b"\2" + string(b"x"))],
    "a change to an empty password": [SERVICE, request(b"nosuchuser", b"password", b"\1" + string(b"") * 2)],
    "a change without the new one": [SERVICE, request(b"nosuchuser", b"password", b"\1" + string(b"a"))],
    "keys and passwords until it is too much": [SERVICE, *[KEY_QUERY, password(b"root", b"wrong")] * 6],
}
NAMES: dict[str, Sequence[Step]] = {
    "a name with a style": [SERVICE, request(b"root:style", b"none")],
    "a name of an option": [SERVICE, password(b"-f root", b"x")],
    "a name with a space": [SERVICE, password(b"root ", b"x")],
    "a name in capitals": [SERVICE, password(b"ROOT", b"x")],
    "a name with a line's end": [SERVICE, password(b"ro\not", b"x")],
    "a name with markup": [SERVICE, password(b"$(id)`id`", b"x")],
    "a name of 256 bytes": [SERVICE, password(b"x" * 256, b"x")],
    "another user by letter": [SERVICE, NONE, request(b"Root", b"none")],
    "another user before a key": [SERVICE, NONE, request(b"admin", b"publickey", KEY_QUERY[36:])],
}
KEYS: dict[str, Sequence[Step]] = {
    "a key of RSA by SHA-2": [SERVICE, keyed(b"rsa-sha2-512", rsa(2048))],
    "a key of RSA by SHA-1": [SERVICE, keyed(b"ssh-rsa", rsa(2048))],
    "a key of RSA of 512 bits": [SERVICE, keyed(b"rsa-sha2-256", rsa(512))],
    "a key of RSA of 16385 bits": [SERVICE, keyed(b"rsa-sha2-256", rsa(16385))],
    "a key of a token": [
        SERVICE,
        keyed(
            b"sk-ssh-ed25519@openssh.com", string(b"sk-ssh-ed25519@openssh.com") + string(bytes(32)) + string(b"ssh:")
        ),
    ],
    "a key with a certificate": [SERVICE, keyed(b"ssh-ed25519-cert-v01@openssh.com", ED25519)],
    "a key of DSA": [SERVICE, keyed(b"ssh-dss", string(b"ssh-dss") + mpint(5) * 4)],
    "a key of NIST's": [
        SERVICE,
        keyed(b"ecdsa-sha2-nistp256", string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(b"\4" + bytes(64))),
    ],
    "a key of an empty algorithm": [SERVICE, keyed(b"", ED25519)],
    "an empty key": [SERVICE, keyed(b"ssh-ed25519", b"")],
    "a key of 31 bytes": [SERVICE, keyed(b"ssh-ed25519", string(b"ssh-ed25519") + string(bytes(31)))],
    "a key bound to its host": [
        SERVICE,
        request(b"root", b"publickey-hostbound-v00@openssh.com", b"\0" + string(b"ssh-ed25519") + string(ED25519) * 2),
    ],
    "a key that is signed with": [SERVICE, signed(_KEY, _BLOB)],
    "a key that is signed with for nobody": [SERVICE, signed(_KEY, _BLOB, user=b"nosuchuser")],
    "a key that is signed with badly": [SERVICE, signed(_KEY, _BLOB, data=b"other")],
    "six keys that are signed with": [SERVICE, *[signed(_KEY, _BLOB)] * 7],
    "a signature of nothing": [
        SERVICE,
        request(b"root", b"publickey", b"\1" + string(b"ssh-ed25519") + string(_BLOB) + string(b"")),
    ],
    "a signature that is missing": [
        SERVICE,
        request(b"root", b"publickey", b"\1" + string(b"ssh-ed25519") + string(_BLOB)),
    ],
    "a query with a signature": [SERVICE, KEY_QUERY + string(b"x")],
}
BROKEN: dict[str, Sequence[Step]] = {
    "a MAC that is wrong": [broken_mac(SERVICE)],
    "a MAC that is wrong while logging in": [SERVICE, broken_mac(NONE)],
    "a packet of nothing, encrypted": [SERVICE, b""],
    "a length of 0": [SERVICE, Bare(number(0) + bytes(12))],
    "a length of 1": [SERVICE, Bare(number(1) + bytes(12))],
    "a length of 2 GiB": [SERVICE, Bare(number(0x7FFFFFFF) + bytes(60))],
    "a length not of whole blocks": [SERVICE, Bare(number(29) + bytes(60))],
    "a padding of 3": [SERVICE, Bare(number(28) + b"\3" + NONE[:27])],
    "a padding beyond the packet": [SERVICE, Bare(number(28) + b"\xff" + NONE[:27])],
    "message 0 while logging in": [SERVICE, b"\0"],
    "message 255 while logging in": [SERVICE, b"\xff"],
    "EXT_INFO of more than there is": [b"\7" + number(9) + string(b"a") + string(b"b"), SERVICE],
    "EXT_INFO twice": [b"\7" + number(0), b"\7" + number(0), SERVICE],
    "a ping": [SERVICE, b"\xc0" + string(b"hello")],
    "DISCONNECT without a reason": [SERVICE, b"\1"],
    "a packet after DISCONNECT": [SERVICE, b"\1" + number(11) + string(b"") * 2, NONE],
    "an offer while logging in": [SERVICE, kexinit()],
    "an offer, then a login": [SERVICE, kexinit(), NONE],
    "an offer twice while logging in": [SERVICE, kexinit(), kexinit()],
    "an offer, then NEWKEYS while logging in": [SERVICE, kexinit(), b"\x15"],
    "a point without an offer": [SERVICE, b"\x1e" + string(bytes(32))],
    "UNIMPLEMENTED of nothing": [SERVICE, b"\3"],
}
BEFORE_LOGIN = METHODS | NAMES | KEYS | BROKEN
