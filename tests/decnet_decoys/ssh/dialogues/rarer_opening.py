# SPDX-License-Identifier: MIT
"""Rarer dialogues without keys: version strings, offers and exchanges that hardly any client sends."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.decnet_decoys.ssh.dialogues.dialogues import BAD, DH14, GEX, LINE, POINT, SNTRUP, STRICT, follow
from tests.decnet_decoys.ssh.dialogues.opening import sent
from tests.decnet_decoys.ssh.dialogues.play_steps import HEAR, ClearStep
from tests.decnet_decoys.ssh.dialogues.raw_client import KEX, framed, kexinit, mpint, number, string

DH16, DH18 = b"diffie-hellman-group16-sha512", b"diffie-hellman-group18-sha512"
IGNORE, DEBUG = b"\2" + string(b"x"), b"\4\0" + string(b"x") + string(b"")
UNIMPLEMENTED = b"\3" + number(0)
DISCONNECT = b"\1" + number(11) + string(b"bye") + string(b"")
CURVE = b"\x1e" + string(POINT)


def _point(curve: ec.EllipticCurve, form: PublicFormat) -> bytes:
    return ec.derive_private_key(7, curve).public_key().public_bytes(Encoding.X962, form)


VERSIONS: dict[str, Sequence[ClearStep]] = {
    "SSH-1.99, then an offer": [b"SSH-1.99-OpenSSH_3.9p1\r\n", framed(kexinit())],
    "a version ended by LF, then an offer": [b"SSH-2.0-x\n", framed(kexinit())],
    "a version in two parts": [b"SSH-2.0-Op", HEAR, b"enSSH_9.0\r\n", framed(kexinit())],
    "a version's CR, and its LF later": [b"SSH-2.0-x\r", HEAR, b"\n", framed(kexinit())],
    "a version with comments": [b"SSH-2.0-x several words of comment\r\n", framed(kexinit())],
    "a version above ASCII": [b"SSH-2.0-\xff\xfe\xe4\r\n"],
    "a version of spaces": [b"SSH-2.0-   \r\n"],
    "a version of controls": [b"SSH-2.0-\x1b[2Jx\x07\r\n"],
    "a version with NUL at its end": [b"SSH-2.0-x\0\r\n"],
    "SSH- alone": [b"SSH-\r\n"],
    "SSH-2.0 twice in a line": [b"SSH-2.0-SSH-2.0-x\r\n"],
    "a long line before the version": [b"x" * 1000 + b"\r\n" + LINE],
    "lines ended by LF before the version": [b"hello\nworld\n" + LINE],
    "a version of 253 bytes and LF": [b"SSH-2.0-" + b"x" * 245 + b"\n"],
    "a version of 254 bytes and LF": [b"SSH-2.0-" + b"x" * 246 + b"\n"],
    "a version of 260 bytes without an end": [b"SSH-2.0-" + b"x" * 252],
    "dropbear's own version": [b"SSH-2.0-dropbear_2022.83\r\n", framed(kexinit())],
    "WinSCP": [b"SSH-2.0-WinSCP_release_5.7.5\r\n"],
    "an offer before the version": [framed(kexinit()), LINE],
}
OFFERS: dict[str, Sequence[ClearStep]] = {
    "exchanges by SHA-1 only": follow(offer=kexinit(kex=b"diffie-hellman-group14-sha1,diffie-hellman-group1-sha1")),
    "ext-info-c first": follow(CURVE, offer=kexinit(kex=b"ext-info-c," + KEX)),
    "ext-info-s by the client": follow(CURVE, offer=kexinit(kex=KEX + b",ext-info-s")),
    "strict keys first, with a guess": follow(
        CURVE, CURVE, offer=kexinit(kex=b"kex-strict-c-v00@openssh.com," + KEX, follows=True)
    ),
    "a guess that is wrong, and no more": follow(
        b"\x1e" + mpint(5), offer=kexinit(kex=DH16 + b"," + KEX, host_keys=b"ssh-ed25519", follows=True)
    ),
    "a guess of a known exchange": follow(
        b"\x1e" + mpint(5), CURVE, offer=kexinit(kex=DH14 + b"," + KEX, follows=True)
    ),
    "an exchange with a space before it": follow(CURVE, offer=kexinit(kex=b" " + KEX)),
    "a name in capitals, of an exchange": follow(CURVE, offer=kexinit(kex=KEX.upper())),
    "one cipher to the server, another back": follow(CURVE, offer=kexinit(ciphers=(b"aes128-ctr", b"aes256-ctr"))),
    "compression one way": follow(CURVE, offer=kexinit(compression=(b"zlib@openssh.com", b"none"))),
    "an offer in two parts": [LINE, framed(kexinit())[:33], HEAR, framed(kexinit(host_keys=BAD))[33:]],
    "an offer, later a point": [LINE, framed(kexinit()), HEAR, framed(CURVE)],
    "an offer, IGNORE, DEBUG, a point": follow(IGNORE, DEBUG, CURVE),
    "an offer, UNIMPLEMENTED, a point": follow(UNIMPLEMENTED, CURVE),
    "an offer, EXT_INFO, a point": follow(b"\7" + number(0), CURVE),
    "an offer, message 99": follow(b"\x63" + number(0)),
    "an offer, a point, IGNORE, NEWKEYS": follow(CURVE, IGNORE, b"\x15"),
    "an offer, a point, DISCONNECT": follow(CURVE, DISCONNECT),
    "an offer, a point, UNIMPLEMENTED": follow(CURVE, UNIMPLEMENTED),
    "an offer, a point, message 0": follow(CURVE, b"\0"),
    "strict keys, a point, IGNORE": follow(CURVE, IGNORE, offer=kexinit(kex=STRICT)),
    "strict keys, a point, DEBUG, NEWKEYS": follow(CURVE, DEBUG, b"\x15", offer=kexinit(kex=STRICT)),
    "strict keys, NEWKEYS": follow(b"\x15", offer=kexinit(kex=STRICT)),
    "strict keys, SERVICE_REQUEST": follow(b"\x05" + string(b"ssh-userauth"), offer=kexinit(kex=STRICT)),
    "strict keys, a point twice": follow(CURVE, CURVE, offer=kexinit(kex=STRICT)),
    "NEWKEYS with a byte too many": follow(CURVE, b"\x15x"),
    "DISCONNECT that is cut short": follow(b"\1" + number(2) + number(50) + b"x"),
}
EXCHANGES: dict[str, Sequence[ClearStep]] = {
    "e for group 16": follow(b"\x1e" + mpint(1 << 4000), offer=kexinit(kex=DH16)),
    "e for group 18 that is too large": follow(b"\x1e" + mpint(1 << 8200), offer=kexinit(kex=DH18)),
    "e with a byte too many": follow(b"\x1e" + mpint(1 << 2000) + b"x", offer=kexinit(kex=DH14)),
    "e cut short": follow(b"\x1e" + number(200) + b"x" * 20, offer=kexinit(kex=DH14)),
    "a group, and e": follow(b"\x22" + number(2048) * 3, b"\x20" + mpint(1 << 2000), offer=kexinit(kex=GEX)),
    "a group, and e of 1": follow(b"\x22" + number(2048) * 3, b"\x20" + mpint(1), offer=kexinit(kex=GEX)),
    "a group twice": follow(*[b"\x22" + number(2048) * 3] * 2, offer=kexinit(kex=GEX)),
    "a group cut short": follow(b"\x22" + number(2048) * 2, offer=kexinit(kex=GEX)),
    "a key of sntrup761 and zeros": follow(b"\x1e" + string(bytes(1158) + POINT), offer=kexinit(kex=SNTRUP)),
    "a key of sntrup761 and a point of zeros": follow(b"\x1e" + string(bytes(1158 + 32)), offer=kexinit(kex=SNTRUP)),
    "a point of P-384": follow(
        b"\x1e" + string(_point(ec.SECP384R1(), PublicFormat.UncompressedPoint)),
        offer=kexinit(kex=b"ecdh-sha2-nistp384"),
    ),
    "a point of P-521, compressed": follow(
        b"\x1e" + string(_point(ec.SECP521R1(), PublicFormat.CompressedPoint)),
        offer=kexinit(kex=b"ecdh-sha2-nistp521"),
    ),
    "a point of P-256 for P-384": follow(
        b"\x1e" + string(_point(ec.SECP256R1(), PublicFormat.UncompressedPoint)),
        offer=kexinit(kex=b"ecdh-sha2-nistp384"),
    ),
    "the point at infinity": follow(b"\x1e" + string(b"\0"), offer=kexinit(kex=b"ecdh-sha2-nistp256")),
    "a point with its highest bit": follow(b"\x1e" + string(POINT[:31] + b"\x80")),
    "a point of low order": follow(b"\x1e" + string(b"\1" + bytes(31))),
}
PACKETS: dict[str, Sequence[ClearStep]] = {
    "a hundred of IGNORE": sent(*[framed(IGNORE)] * 100, framed(kexinit())),
    "IGNORE of more than there is": sent(framed(b"\2" + number(99) + b"x"), framed(kexinit())),
    "IGNORE of 32,000 bytes": sent(framed(b"\2" + string(bytes(32000))), framed(kexinit())),
    "IGNORE of 100,000 bytes": sent(framed(b"\2" + string(bytes(100_000))), framed(kexinit())),
    "a packet in two parts": [LINE, framed(kexinit())[:3], HEAR, framed(kexinit())[3:]],
    "message 1 of 2 bytes": sent(framed(b"\1x")),
    "message 21 with a string": sent(framed(b"\x15" + string(b"x"))),
}
DIALOGUES: dict[str, Sequence[ClearStep]] = VERSIONS | OFFERS | EXCHANGES | PACKETS
