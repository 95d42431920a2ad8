# SPDX-License-Identifier: MIT
"""More dialogues before there are keys: odd clients' versions, packets that are none, offers with odd lists."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.decnet_decoys.ssh.dialogues.dialogues import BAD, DH14, LINE, POINT, SERVICE, STRICT, follow
from tests.decnet_decoys.ssh.dialogues.raw_client import CIPHER, HOST_KEYS, KEX, MAC, framed, kexinit, number, string

END = b"<end>"
"""The client closes its side, and listens on."""


def offered(*lists: bytes, rest: bytes = bytes(5)) -> bytes:
    """Return a KEXINIT's payload of those ten lists."""
    return b"\x14" + bytes(16) + b"".join(map(string, lists)) + rest


_USUAL = (KEX, HOST_KEYS, CIPHER, CIPHER, MAC, MAC, b"none", b"none", b"", b"")


def changed(**lists: bytes) -> bytes:
    """Return a KEXINIT's payload in which the lists of those positions (`l0` to `l9`) are others."""
    each = list(_USUAL)
    for name, value in lists.items():
        each[int(name[1:])] = value
    return offered(*each)


def sent(*packets: bytes) -> list[bytes]:
    return [LINE, *packets]


VERSIONS: dict[str, Sequence[bytes]] = {
    "a version with a leading zero": [b"SSH-02.0-x\r\n"],
    "a version of 2.00": [b"SSH-2.00-x\r\n"],
    "a version of 2": [b"SSH-2-x\r\n"],
    "a version of 2.99": [b"SSH-2.99-x\r\n"],
    "a version of 1.98": [b"SSH-1.98-x\r\n"],
    "a version that is negative": [b"SSH--2.0-x\r\n"],
    "a version with a tab": [b"SSH-2.0-x\ty\r\n"],
    "a version with a space first": [b" SSH-2.0-x\r\n"],
    "a version ended by LF CR": [b"SSH-2.0-x\n\r"],
    "an old OpenSSH": [b"SSH-2.0-OpenSSH_2.5.3p1\r\n"],
    "PuTTY": [b"SSH-2.0-PuTTY_Release_0.78\r\n"],
    "libssh": [b"SSH-2.0-libssh_0.9.6\r\n"],
    "paramiko": [b"SSH-2.0-paramiko_3.4.0\r\n"],
    "Cisco": [b"SSH-2.0-Cisco-1.25\r\n"],
    "a scanner of OpenSSH": [b"SSH-2.0-OpenSSH-keyscan\r\n"],
    "nmap's probe": [b"SSH-1.5-NmapNSE_1.0\n"],
    "a version of 255 bytes": [b"SSH-2.0-" + b"x" * 245 + b"\r\n"],
    "a version of 256 bytes": [b"SSH-2.0-" + b"x" * 246 + b"\r\n"],
    "two empty lines": [b"\r\n\r\n"],
    "an empty line, then the version": [b"\r\n" + LINE],
    "a hundred lines": [b"x\r\n" * 100],
    "HELP": [b"HELP\r\n"],
    "a request for a remote desktop": [bytes.fromhex("0300002f2ae00000000000436f6f6b69653a206d737473686173683d610d0a")],
    "a greeting of SMB": [bytes.fromhex("00000045ff534d4272000000000801c8")],
    "an end": [END],
    "a version, then an end": [LINE, END],
    "half a version, then an end": [b"SSH-2.0", END],
    "an offer, and an end": [LINE, framed(kexinit()), END],
    "half an offer, and an end": [LINE, framed(kexinit())[:50], END],
}
PACKETS: dict[str, Sequence[bytes]] = {
    "a packet of no payload": sent(number(12) + b"\x0b" + bytes(11)),
    "a packet of no padding": sent(number(12) + b"\0" + bytes([2]) + bytes(10)),
    "a packet of 3 bytes of padding": sent(number(12) + b"\3" + bytes([2]) + number(4) + b"abc" + bytes(3)),
    "a packet of more padding than packet": sent(number(12) + b"\x0c" + bytes(11)),
    "a packet of 255 bytes of padding": sent(framed(kexinit(), 255 - (len(kexinit()) + 5 + 255) % 8)),
    "a packet of 4 bytes": sent(number(4) + b"\2ab\0"),
    "a packet of 5 bytes": sent(number(5) + b"\4" + bytes(4)),
    "a packet not of whole blocks": sent(number(13) + b"\4" + bytes([2]) + number(3) + b"abc" + bytes(4)),
    "a packet of 35000 bytes": sent(framed(b"\2" + string(bytes(34980)))),
    "a packet of 262144 bytes": sent(number(262144) + bytes(200)),
    "a packet of 262148 bytes": sent(number(262148) + bytes(200)),
    "a packet of 2 GiB": sent(number(0x80000000) + bytes(100)),
    "UNIMPLEMENTED before an offer": sent(framed(b"\3" + number(0))),
    "EXT_INFO before an offer": sent(framed(b"\7" + number(0))),
    "DISCONNECT before an offer": sent(framed(b"\1" + number(11) + string(b"bye") + string(b""))),
    "DISCONNECT of nothing": sent(framed(b"\1")),
    "IGNORE of nothing": sent(framed(b"\2")),
    "DEBUG to be shown": sent(framed(b"\4\1" + string(b"hi") + string(b"")), framed(kexinit())),
    "SERVICE_ACCEPT": sent(framed(b"\6" + string(b"ssh-userauth"))),
    "GLOBAL_REQUEST before an offer": sent(framed(b"\x50" + string(b"x") + b"\1")),
    "a reply of the server's": follow(b"\x1f" + string(POINT)),
    "message 32 for a curve": follow(b"\x20" + string(POINT)),
    "message 34 for a curve": follow(b"\x22" + number(2048) * 3),
    "an offer, then message 0": follow(b"\0"),
    "an offer, then an empty packet": [*follow(), number(12) + b"\x0b" + bytes(11)],
    "an offer, then DISCONNECT": follow(b"\1" + number(3) + string(b"bye") + string(b"")),
    "an offer, then an offer": follow(kexinit()),
    "an offer, a point, then an offer": follow(b"\x1e" + string(POINT), kexinit()),
    "a strict offer, then an offer": follow(kexinit(), offer=kexinit(kex=STRICT)),
    "a strict offer after DEBUG": sent(
        framed(b"\4\0" + string(b"x") + string(b"")), framed(kexinit(kex=STRICT)), framed(b"\x1e" + string(POINT))
    ),
    "a strict offer, a point, and SERVICE_REQUEST": follow(
        b"\x1e" + string(POINT), b"\x15", SERVICE, offer=kexinit(kex=STRICT)
    ),
    "a guess that is wrong, then a right one": follow(
        b"\x1e" + string(b"x" * 65), b"\x1e" + string(POINT), offer=kexinit(kex=BAD + b"," + KEX, follows=True)
    ),
    "a guess that is right for a wrong host key": follow(
        b"\x1e" + string(POINT), b"\x1e" + string(POINT), offer=kexinit(host_keys=BAD + b",ssh-ed25519", follows=True)
    ),
    "no guess, but a follow-up of 2": follow(b"\x1e" + string(POINT), offer=offered(*_USUAL, rest=b"\2" + bytes(4))),
}
LISTS: dict[str, Sequence[bytes]] = {
    "all lists empty": follow(offered(*[b""] * 10)),
    "an offer of its number only": follow(b"\x14"),
    "an offer without its end": follow(offered(*_USUAL, rest=b"")),
    "an offer with bytes after it": sent(framed(offered(*_USUAL, rest=bytes(9)))),
    "a reserved number that is not 0": sent(framed(offered(*_USUAL, rest=b"\0" + number(7)))),
    "languages": sent(framed(changed(l8=b"de", l9=b"de-AT,en"))),
    "an algorithm twice": sent(framed(changed(l0=KEX + b"," + KEX)), framed(b"\x1e" + string(POINT))),
    "an empty name first": sent(framed(changed(l0=b"," + KEX)), framed(b"\x1e" + string(POINT))),
    "a comma at the end": sent(framed(changed(l0=KEX + b",")), framed(b"\x1e" + string(POINT))),
    "a name above ASCII": sent(framed(changed(l0=b"\xff\xfe," + KEX)), framed(b"\x1e" + string(POINT))),
    "a name of 300 letters": sent(framed(changed(l0=b"x" * 300 + b"," + KEX)), framed(b"\x1e" + string(POINT))),
    "a thousand names": sent(framed(changed(l0=b"x," * 1000 + KEX)), framed(b"\x1e" + string(POINT))),
    "no common host key": sent(framed(changed(l1=BAD))),
    "no common MAC": sent(framed(changed(l4=BAD))),
    "no common MAC from the server": sent(framed(changed(l5=BAD))),
    "no common compression": sent(framed(changed(l6=BAD, l7=BAD))),
    "no common cipher from the server": sent(framed(changed(l3=BAD))),
    "no MAC, but a cipher that needs none": sent(
        framed(changed(l2=b"aes128-gcm@openssh.com", l3=b"aes128-gcm@openssh.com", l4=BAD, l5=BAD)),
        framed(b"\x1e" + string(POINT)),
    ),
    "two ciphers": sent(framed(changed(l2=b"chacha20-poly1305@openssh.com")), framed(b"\x1e" + string(POINT))),
    "only ext-info-c": sent(framed(changed(l0=b"ext-info-c"))),
    "only strict keys": sent(framed(changed(l0=b"kex-strict-c-v00@openssh.com"))),
    "the server's strict keys": sent(
        framed(changed(l0=KEX + b",kex-strict-s-v00@openssh.com")), framed(b"\2" + string(b""))
    ),
    "an old exchange": sent(framed(changed(l0=b"diffie-hellman-group1-sha1"))),
    "an old cipher": sent(framed(changed(l2=b"3des-cbc", l3=b"3des-cbc"))),
    "an old MAC": sent(framed(changed(l4=b"hmac-md5", l5=b"hmac-md5"))),
    "zlib of old": sent(framed(changed(l6=b"zlib", l7=b"zlib"))),
    "a host key of DSA": sent(framed(changed(l1=b"ssh-dss"))),
    "a host key with a certificate": sent(framed(changed(l1=b"ssh-ed25519-cert-v01@openssh.com"))),
    "an e of one byte": sent(framed(changed(l0=DH14)), framed(b"\x1e" + string(b"\x02"))),
    "an e of nothing": sent(framed(changed(l0=DH14)), framed(b"\x1e")),
    "an e with zeros before it": sent(framed(changed(l0=DH14)), framed(b"\x1e" + string(bytes(9) + b"\x05"))),
    "a list longer than the packet": sent(framed(b"\x14" + bytes(16) + struct.pack(">I", 5000) + b"x")),
}
BEFORE_KEYS = VERSIONS | PACKETS | LISTS
