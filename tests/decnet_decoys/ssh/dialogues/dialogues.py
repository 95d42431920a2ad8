# SPDX-License-Identifier: MIT
"""The dialogues: before there are keys, before the login, and after it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.decnet_decoys.ssh.dialogues.raw_client import (
    CIPHER,
    KEX,
    MAC,
    VERSION,
    framed,
    kexinit,
    mpint,
    number,
    request,
    string,
)

LINE = VERSION + b"\r\n"
STRICT = KEX + b",kex-strict-c-v00@openssh.com"
EXT = KEX + b",ext-info-c"
GEX = b"diffie-hellman-group-exchange-sha256"
DH14 = b"diffie-hellman-group14-sha256"
ECDH = b"ecdh-sha2-nistp256"
SNTRUP = b"sntrup761x25519-sha512@openssh.com"
BAD = b"nonsense@example.org"
SERVICE = b"\x05" + string(b"ssh-userauth")
NONE = request(b"root", b"none")
PASSWORD = request(b"nosuchuser", b"password", b"\0" + string(b"wrong"))
POINT = bytes([9]) + bytes(31)
ED25519 = string(b"ssh-ed25519") + string(bytes(range(32)))


def follow(*payloads: bytes, offer: bytes | None = None) -> list[bytes]:
    """Return what a client sends that goes on after an offer."""
    return [LINE, framed(offer or kexinit()), *map(framed, payloads)]


BANNERS: dict[str, Sequence[bytes]] = {
    "nothing": [],
    "an HTTP request": [b"GET / HTTP/1.0\r\n\r\n"],
    "a TLS hello": [bytes.fromhex("160301007b0100007703031111") + bytes(110)],
    "SSH-1.5": [b"SSH-1.5-x\r\n"],
    "SSH-1.99": [b"SSH-1.99-x\r\n"],
    "SSH-2.1": [b"SSH-2.1-x\r\n"],
    "SSH-3.0": [b"SSH-3.0-x\r\n"],
    "a version ended by LF": [b"SSH-2.0-x\n"],
    "a version ended by CR": [b"SSH-2.0-x\r"],
    "a version ended by CR CR LF": [b"SSH-2.0-x\r\r\n"],
    "a version without an end": [b"SSH-2.0-x"],
    "a version of no software": [b"SSH-2.0-\r\n"],
    "a version without its second dash": [b"SSH-2.0\r\n"],
    "a lower-case version": [b"ssh-2.0-x\r\n"],
    "a version with a comment": [b"SSH-2.0-x some comment\r\n"],
    "a version with NUL": [b"SSH-2.0-x\0y\r\n"],
    "a version that is not UTF-8": [b"SSH-2.0-\xff\xfe\xc3\r\n"],
    "a version of 253 bytes": [b"SSH-2.0-" + b"x" * 245 + b"\r\n"],
    "a version of 300 bytes": [b"SSH-2.0-" + b"x" * 292 + b"\r\n"],
    "a version of 9000 bytes": [b"SSH-2.0-" + b"x" * 9000 + b"\r\n"],
    "an empty line": [b"\r\n"],
    "a line before the version": [b"hello\r\n" + LINE],
    "the version twice": [LINE + LINE],
    "the version of Go's library": [b"SSH-2.0-Go\r\n"],
    "the version of a probe": [b"SSH-2.0-Probe-x\r\n"],
    "the version of a mapper": [b"SSH-2.0-x SSH_Version_Mapper\r\n"],
    "zeros": [bytes(64)],
}
PACKETS: dict[str, Sequence[bytes]] = {
    "version, then garbage": [LINE, bytes([0x93, 0x7A, 0x11, 0xFE]) + bytes(60)],
    "a packet of length 0": [LINE, bytes(16)],
    "a packet of length 1": [LINE, number(1) + bytes(12)],
    "a packet of length 4": [LINE, number(4) + bytes(12)],
    "a packet of length 5": [LINE, number(5) + bytes(12)],
    "a packet of length 13": [LINE, number(13) + bytes([4]) + bytes(16)],
    "a packet without a payload": [LINE, number(12) + bytes([11]) + bytes(11)],
    "a packet of 35,000 bytes": [LINE, number(35000) + bytes([4]) + bytes(60)],
    "a packet of 256 KiB": [LINE, number(262144) + bytes([4]) + bytes(60)],
    "a packet of 4 GiB": [LINE, number(0xFFFFFFFC) + bytes([4]) + bytes(60)],
    "padding of 0": [LINE, number(12) + bytes([0, 2]) + bytes(10)],
    "padding of 3": [LINE, number(12) + bytes([3, 2]) + number(3) + bytes(6)],
    "padding of 255": [LINE, number(12) + bytes([255, 2]) + bytes(10)],
    "message 0": [LINE, framed(b"\0")],
    "message 15": [LINE, framed(b"\x0f")],
    "message 100": [LINE, framed(b"\x64" + number(0))],
    "message 192": [LINE, framed(b"\xc0")],
    "message 255": [LINE, framed(b"\xff")],
    "IGNORE first": [LINE, framed(b"\x02" + string(b"x"))],
    "IGNORE without its string": [LINE, framed(b"\x02")],
    "DEBUG first": [LINE, framed(b"\x04\1" + string(b"x") + string(b""))],
    "UNIMPLEMENTED first": [LINE, framed(b"\x03" + number(0))],
    "DISCONNECT first": [LINE, framed(b"\x01" + number(11) + string(b"bye") + string(b""))],
    "DISCONNECT without content": [LINE, framed(b"\x01")],
    "SERVICE_REQUEST first": [LINE, framed(SERVICE)],
    "SERVICE_ACCEPT first": [LINE, framed(b"\x06" + string(b"ssh-userauth"))],
    "EXT_INFO first": [LINE, framed(b"\x07" + number(0))],
    "NEWKEYS first": [LINE, framed(b"\x15")],
    "KEX_INIT first": [LINE, framed(b"\x1e" + string(POINT))],
    "USERAUTH_REQUEST first": [LINE, framed(NONE)],
    "USERAUTH_SUCCESS first": [LINE, framed(b"\x34")],
    "GLOBAL_REQUEST first": [LINE, framed(b"\x50" + string(b"x") + b"\1")],
    "CHANNEL_OPEN first": [LINE, framed(b"\x5a" + string(b"session") + number(0) * 3)],
    "CHANNEL_DATA first": [LINE, framed(b"\x5e" + number(0) + string(b"x"))],
}
OFFERS: dict[str, Sequence[bytes]] = {
    "an offer and no more": follow(),
    "an offer of an unknown key exchange": follow(offer=kexinit(kex=BAD)),
    "an offer of no key exchange": follow(offer=kexinit(kex=b"")),
    "an offer of an unknown host key": follow(offer=kexinit(host_keys=BAD)),
    "an offer of ssh-rsa alone": follow(offer=kexinit(host_keys=b"ssh-rsa")),
    "an offer of ssh-dss alone": follow(offer=kexinit(host_keys=b"ssh-dss")),
    "an offer of unknown ciphers": follow(offer=kexinit(ciphers=(BAD, BAD))),
    "an offer of an unknown cipher to the client": follow(offer=kexinit(ciphers=(CIPHER, BAD))),
    "an offer of 3des-cbc": follow(offer=kexinit(ciphers=(b"3des-cbc", b"3des-cbc"))),
    "an offer of unknown MACs": follow(offer=kexinit(macs=(BAD, BAD))),
    "an offer of an unknown MAC to the client": follow(offer=kexinit(macs=(MAC, BAD))),
    "an offer of unknown compression": follow(offer=kexinit(compression=(BAD, BAD))),
    "an offer of zlib alone": follow(offer=kexinit(compression=(b"zlib", b"zlib"))),
    "an offer of nothing": follow(offer=b"\x14" + bytes(16) + string(b"") * 10 + bytes(5)),
    "an offer cut short": [LINE, framed(kexinit()[:40])],
    "an offer with a byte too many": follow(offer=kexinit() + b"x"),
    "an offer with a name that is no name": follow(offer=kexinit(kex=b",,," + KEX)),
    "an offer that is not ASCII": follow(offer=kexinit(kex=b"\xff\xfe," + KEX)),
    "an offer twice": follow(kexinit()),
    "an offer after IGNORE": [LINE, framed(b"\x02" + string(b"x")), framed(kexinit())],
    "a strict offer after IGNORE": [LINE, framed(b"\x02" + string(b"x")), framed(kexinit(kex=STRICT))],
    "a strict offer, then IGNORE": follow(b"\x02" + string(b"x"), offer=kexinit(kex=STRICT)),
    "a strict offer, then DEBUG": follow(b"\x04\0" + string(b"x") + string(b""), offer=kexinit(kex=STRICT)),
    "a strict offer, then UNIMPLEMENTED": follow(b"\x03" + number(0), offer=kexinit(kex=STRICT)),
    "a strict offer, then message 192": follow(b"\xc0", offer=kexinit(kex=STRICT)),
    "an offer, then IGNORE": follow(b"\x02" + string(b"x")),
    "an offer, then message 192": follow(b"\xc0"),
    "an offer, then NEWKEYS": follow(b"\x15"),
    "an offer, then SERVICE_REQUEST": follow(SERVICE),
    "an offer, then USERAUTH_REQUEST": follow(NONE),
    "an offer, then message 33": follow(b"\x21" + mpint(5)),
    "a wrong guess": follow(b"\x1e" + string(b"x" * 65), offer=kexinit(kex=BAD + b"," + KEX, follows=True)),
    "a right guess": follow(b"\x1e" + string(POINT), offer=kexinit(follows=True)),
    "a point": follow(b"\x1e" + string(POINT)),
    "a point twice": follow(b"\x1e" + string(POINT), b"\x1e" + string(POINT)),
    "a point, then SERVICE_REQUEST unencrypted": follow(b"\x1e" + string(POINT), SERVICE),
    "a point, then NEWKEYS, then nothing": follow(b"\x1e" + string(POINT), b"\x15"),
    "a point, then NEWKEYS, then garbage": [*follow(b"\x1e" + string(POINT), b"\x15"), bytes(range(100, 180))],
    "a point of zeros": follow(b"\x1e" + string(bytes(32))),
    "a point of 31 bytes": follow(b"\x1e" + string(bytes(31))),
    "a point and a byte": follow(b"\x1e" + string(POINT) + b"x"),
    "an empty point": follow(b"\x1e" + string(b"")),
    "no point": follow(b"\x1e"),
    "a point of NIST's off the curve": follow(b"\x1e" + string(b"\x04" + bytes([1]) * 64), offer=kexinit(kex=ECDH)),
    "a point of NIST's cut short": follow(b"\x1e" + string(b"\x04" + bytes(20)), offer=kexinit(kex=ECDH)),
    "an e of 0": follow(b"\x1e" + mpint(0), offer=kexinit(kex=DH14)),
    "an e of 1": follow(b"\x1e" + mpint(1), offer=kexinit(kex=DH14)),
    "an e that is negative": follow(b"\x1e" + string(b"\xff" * 20), offer=kexinit(kex=DH14)),
    "an e that is too large": follow(b"\x1e" + mpint((1 << 2048) - 1), offer=kexinit(kex=DH14)),
    "a group of 1024 to 2048 bits": follow(b"\x22" + number(1024) + number(2048) * 2, offer=kexinit(kex=GEX)),
    "a group of 1024 bits": follow(b"\x22" + number(1024) * 3, offer=kexinit(kex=GEX)),
    "a group of 1 bit": follow(b"\x22" + number(1) * 3, offer=kexinit(kex=GEX)),
    "a group of more at least than at most": follow(
        b"\x22" + number(4096) + number(3072) + number(2048), offer=kexinit(kex=GEX)
    ),
    "a group of 9999 bits": follow(b"\x22" + number(9999) * 3, offer=kexinit(kex=GEX)),
    "a group by the old request": follow(b"\x1e" + number(2048), offer=kexinit(kex=GEX)),
    "an e before a group": follow(b"\x20" + mpint(5), offer=kexinit(kex=GEX)),
    "a key of sntrup761 that is short": follow(b"\x1e" + string(bytes(32)), offer=kexinit(kex=SNTRUP)),
}
BEFORE_KEYS = BANNERS | PACKETS | OFFERS
"""What is sent without keys; bytes, whole packets among them."""

KEY_QUERY = request(b"root", b"publickey", b"\0" + string(b"ssh-ed25519") + string(ED25519))
OPEN = b"\x5a" + string(b"session") + number(7) + number(1 << 20) + number(1 << 15)


def password(user: bytes, word: bytes) -> bytes:
    return request(user, b"password", b"\0" + string(word))


def keyed(algorithm: bytes, blob: bytes) -> bytes:
    """Return a question whether a key would do."""
    return request(b"root", b"publickey", b"\0" + string(algorithm) + string(blob))


BEFORE_LOGIN: dict[str, Sequence[bytes]] = {
    "keys, and no more": [],
    "SERVICE_REQUEST": [SERVICE],
    "SERVICE_REQUEST twice": [SERVICE, SERVICE],
    "SERVICE_REQUEST of ssh-connection": [b"\x05" + string(b"ssh-connection")],
    "SERVICE_REQUEST of an unknown service": [b"\x05" + string(b"nonsense")],
    "SERVICE_REQUEST of nothing": [b"\x05"],
    "SERVICE_REQUEST with a byte too many": [SERVICE + b"x"],
    "USERAUTH_REQUEST without a service": [NONE],
    "message 192 with keys": [b"\xc0"],
    "message 192 while logging in": [SERVICE, b"\xc0"],
    "IGNORE while logging in": [SERVICE, b"\x02" + string(b"x"), b"\x04\0" + string(b"x") + string(b"")],
    "EXT_INFO while logging in": [SERVICE, b"\x07" + number(1) + string(b"a") + string(b"b")],
    "EXT_INFO after the keys": [b"\x07" + number(1) + string(b"a") + string(b"b"), SERVICE],
    "GLOBAL_REQUEST before a login": [SERVICE, b"\x50" + string(b"x") + b"\1"],
    "CHANNEL_OPEN before a login": [SERVICE, OPEN],
    "CHANNEL_DATA before a login": [SERVICE, b"\x5e" + number(0) + string(b"x")],
    "USERAUTH_SUCCESS by the client": [SERVICE, b"\x34"],
    "USERAUTH_FAILURE by the client": [SERVICE, b"\x33" + string(b"x") + b"\0"],
    "message 61 while logging in": [SERVICE, b"\x3d" + number(0)],
    "DISCONNECT while logging in": [SERVICE, b"\x01" + number(11) + string(b"bye") + string(b"")],
    "NEWKEYS with keys": [b"\x15"],
    "method none": [SERVICE, NONE],
    "method none of nobody": [SERVICE, request(b"nosuchuser", b"none")],
    "method none of an empty name": [SERVICE, request(b"", b"none")],
    "method none three times": [SERVICE, NONE, NONE, NONE],
    "method none eleven times": [SERVICE, *[NONE] * 11],
    "an unknown method": [SERVICE, request(b"root", b"nonsense")],
    "an empty method": [SERVICE, request(b"root", b"")],
    "method hostbased": [SERVICE, request(b"root", b"hostbased", string(b"ssh-rsa") + string(b"x") * 4)],
    "method gssapi-with-mic": [SERVICE, request(b"root", b"gssapi-with-mic", number(0))],
    "method keyboard-interactive": [SERVICE, request(b"root", b"keyboard-interactive", string(b"") * 2)],
    "a login for an unknown service": [SERVICE, request(b"root", b"none", service=b"nonsense")],
    "another user": [SERVICE, NONE, request(b"admin", b"none")],
    "another user after a wrong password": [SERVICE, PASSWORD, password(b"admin", b"wrong")],
    "another service": [SERVICE, NONE, request(b"root", b"none", service=b"ssh-userauth")],
    "a wrong password": [SERVICE, PASSWORD],
    "a wrong password of root": [SERVICE, password(b"root", b"wrong")],
    "an empty password": [SERVICE, password(b"nosuchuser", b"")],
    "a password with NUL": [SERVICE, password(b"nosuchuser", b"wr\0ng")],
    "a password that is not UTF-8": [SERVICE, password(b"nosuchuser", b"\xff\xfe")],
    "a password of 1100 bytes": [SERVICE, password(b"nosuchuser", b"x" * 1100)],
    "a password cut short": [SERVICE, request(b"nosuchuser", b"password", b"\0" + number(50) + b"x")],
    "a password missing": [SERVICE, request(b"nosuchuser", b"password")],
    "a change of password": [SERVICE, request(b"nosuchuser", b"password", b"\1" + string(b"a") + string(b"b"))],
    "a password with a byte too many": [SERVICE, password(b"nosuchuser", b"x") + b"x"],
    "six wrong passwords": [SERVICE, *[PASSWORD] * 6],
    "eleven wrong passwords": [SERVICE, *[PASSWORD] * 11],
    "none and six wrong passwords": [SERVICE, request(b"nosuchuser", b"none"), *[PASSWORD] * 6],
    "a name that is not UTF-8": [SERVICE, request(b"\xff\xfe", b"none")],
    "a name with NUL": [SERVICE, request(b"a\0b", b"none")],
    "a name of 30 bytes": [SERVICE, request(b"x" * 30, b"none")],
    "a name of 2000 bytes": [SERVICE, request(b"x" * 2000, b"none")],
    "a request cut short": [SERVICE, NONE[:12]],
    "a request with a byte too many": [SERVICE, NONE + b"x"],
    "an empty request": [SERVICE, b"\x32"],
    "a key": [SERVICE, KEY_QUERY],
    "six keys": [SERVICE, *[KEY_QUERY] * 6],
    "a key of nobody": [SERVICE, request(b"nosuchuser", b"publickey", KEY_QUERY[-len(ED25519) - 4 - 15 - 1 :])],
    "a key of an unknown algorithm": [SERVICE, keyed(BAD, ED25519)],
    "a key of another algorithm": [SERVICE, keyed(b"ssh-rsa", ED25519)],
    "a key that is none": [SERVICE, keyed(b"ssh-ed25519", b"nonsense")],
    "a key cut short": [SERVICE, KEY_QUERY[:-60]],
    "a key with a byte too many": [SERVICE, KEY_QUERY + b"x"],
    "a key with a signature that is none": [
        SERVICE,
        request(b"root", b"publickey", b"\1" + string(b"ssh-ed25519") + string(ED25519) + string(b"x")),
    ],
}
"""What is sent with keys and without a login: payloads."""


def asked(channel: int, kind: bytes, rest: bytes = b"", *, reply: bool = True) -> bytes:
    """Return a CHANNEL_REQUEST (RFC 4254 §5.4)."""
    return b"\x62" + number(channel) + string(kind) + bytes([reply]) + rest


def everywhere(kind: bytes, rest: bytes = b"", *, reply: bool = True) -> bytes:
    """Return a GLOBAL_REQUEST (RFC 4254 §4)."""
    return b"\x50" + string(kind) + bytes([reply]) + rest


def opened(kind: bytes, rest: bytes = b"", *, window: int = 1 << 20, largest: int = 1 << 15) -> bytes:
    """Return a CHANNEL_OPEN (RFC 4254 §5.1)."""
    return b"\x5a" + string(kind) + number(7) + number(window) + number(largest) + rest


PTY = string(b"xterm") + number(80) + number(24) + number(0) * 2 + string(b"\0")
TO = string(b"127.0.0.1") + number(1) + string(b"127.0.0.1") + number(5)
QUIT = asked(0, b"exec", string(b"exit 3"))
SLEEP = asked(0, b"exec", string(b"sleep 60"))

AFTER_LOGIN: dict[str, Sequence[bytes]] = {
    "a login, and no more": [],
    "message 192 after a login": [b"\xc0"],
    "IGNORE after a login": [b"\x02" + string(b"x")],
    "SERVICE_REQUEST after a login": [SERVICE],
    "USERAUTH_REQUEST after a login": [NONE],
    "UNIMPLEMENTED after a login": [b"\x03" + number(0)],
    "DISCONNECT after a login": [b"\x01" + number(11) + string(b"bye") + string(b"")],
    "EXT_INFO after a login": [b"\x07" + number(0)],
    "an unknown global request": [everywhere(b"nonsense")],
    "an unknown global request without a reply": [everywhere(b"nonsense", reply=False)],
    "a global request cut short": [b"\x50" + number(50) + b"x"],
    "a global request that is not ASCII": [everywhere(b"\xff\xfe")],
    "keepalive@openssh.com": [everywhere(b"keepalive@openssh.com")],
    "tcpip-forward": [everywhere(b"tcpip-forward", string(b"203.0.113.1") + number(40117))],
    "cancel-tcpip-forward": [everywhere(b"cancel-tcpip-forward", string(b"127.0.0.1") + number(40001))],
    "cancel-streamlocal-forward": [everywhere(b"cancel-streamlocal-forward@openssh.com", string(b"/nonsense"))],
    "hostkeys-prove of no key": [everywhere(b"hostkeys-prove-00@openssh.com")],
    "hostkeys-prove of an unknown key": [everywhere(b"hostkeys-prove-00@openssh.com", string(ED25519))],
    "no-more-sessions": [everywhere(b"no-more-sessions@openssh.com"), OPEN],
    "REQUEST_SUCCESS unasked": [b"\x51"],
    "REQUEST_FAILURE unasked": [b"\x52"],
    "a channel": [OPEN],
    "eleven channels": [*[OPEN] * 11],
    "a channel of an unknown type": [opened(b"nonsense")],
    "a channel of a type that is not ASCII": [opened(b"\xff\xfe")],
    "a channel for direct-tcpip": [opened(b"direct-tcpip", TO)],
    "a channel for direct-streamlocal": [
        opened(b"direct-streamlocal@openssh.com", string(b"/nonsense") + string(b"") + number(0))
    ],
    "a channel for x11": [opened(b"x11", string(b"127.0.0.1") + number(5))],
    "a channel for forwarded-tcpip": [opened(b"forwarded-tcpip", TO)],
    "a channel for auth-agent": [opened(b"auth-agent@openssh.com")],
    "a channel for tun": [opened(b"tun@openssh.com", number(1) + number(0x7FFFFFFF))],
    "a channel without a packet size": [opened(b"session", largest=0)],
    "a channel with a byte too many": [OPEN + b"x"],
    "a channel cut short": [OPEN[:14]],
    "an unknown request": [OPEN, asked(0, b"nonsense")],
    "an unknown request without a reply": [OPEN, asked(0, b"nonsense", reply=False)],
    "a request that is not ASCII": [OPEN, asked(0, b"\xff\xfe")],
    "a request of an unknown channel": [asked(9, b"shell")],
    "keepalive of a channel": [OPEN, asked(0, b"keepalive@openssh.com")],
    "eow of a channel": [OPEN, asked(0, b"eow@openssh.com", reply=False)],
    "env": [OPEN, asked(0, b"env", string(b"LANG") + string(b"C"))],
    "env that is not allowed": [OPEN, asked(0, b"env", string(b"LD_PRELOAD") + string(b"/x"))],
    "pty-req": [OPEN, asked(0, b"pty-req", PTY)],
    "pty-req twice": [OPEN, asked(0, b"pty-req", PTY), asked(0, b"pty-req", PTY)],
    "pty-req cut short": [OPEN, asked(0, b"pty-req", PTY[:8])],
    "x11-req": [OPEN, asked(0, b"x11-req", b"\0" + string(b"MIT-MAGIC-COOKIE-1") + string(b"00" * 16) + number(0))],
    "auth-agent-req": [OPEN, asked(0, b"auth-agent-req@openssh.com")],
    "an unknown subsystem": [OPEN, asked(0, b"subsystem", string(b"nonsense"))],
    "sftp": [OPEN, asked(0, b"subsystem", string(b"sftp"))],
    "sftp with INIT": [
        OPEN,
        asked(0, b"subsystem", string(b"sftp")),
        b"\x5e" + number(0) + string(number(5) + b"\1" + number(3)),
    ],
    "exec that ends": [OPEN, QUIT],
    "exec that prints": [OPEN, asked(0, b"exec", string(b"echo a"))],
    "exec twice": [OPEN, SLEEP, SLEEP],
    "exec, then env": [OPEN, SLEEP, asked(0, b"env", string(b"LANG") + string(b"C"))],
    "exec, then pty-req": [OPEN, SLEEP, asked(0, b"pty-req", PTY)],
    "exec without a reply": [OPEN, asked(0, b"exec", string(b"exit 3"), reply=False)],
    "signal": [OPEN, SLEEP, asked(0, b"signal", string(b"KILL"))],
    "signal of an unknown name": [OPEN, SLEEP, asked(0, b"signal", string(b"NONSENSE"))],
    "signal of no command": [OPEN, asked(0, b"signal", string(b"KILL"))],
    "break": [OPEN, SLEEP, asked(0, b"break", number(100))],
    "window-change": [OPEN, SLEEP, asked(0, b"window-change", number(80) + number(24) + number(0) * 2)],
    "exit-status by the client": [OPEN, asked(0, b"exit-status", number(3))],
    "xon-xoff by the client": [OPEN, asked(0, b"xon-xoff", b"\1")],
    "data of an unknown channel": [b"\x5e" + number(9) + string(b"x")],
    "data before a command": [OPEN, b"\x5e" + number(0) + string(b"x")],
    "extended data": [OPEN, SLEEP, b"\x5f" + number(0) + number(1) + string(b"x")],
    "window of an unknown channel": [b"\x5d" + number(9) + number(5)],
    "end of an unknown channel": [b"\x60" + number(9)],
    "close of an unknown channel": [b"\x61" + number(9)],
    "close of a channel": [OPEN, b"\x61" + number(0)],
    "close of a channel twice": [OPEN, b"\x61" + number(0), b"\x61" + number(0)],
    "end of a channel": [OPEN, b"\x60" + number(0)],
    "end of a channel twice": [OPEN, b"\x60" + number(0), b"\x60" + number(0)],
    "confirmation unasked": [b"\x5b" + number(0) + number(0) * 3],
    "failure unasked": [b"\x5c" + number(0) + number(1) + string(b"") * 2],
    "CHANNEL_SUCCESS unasked": [OPEN, b"\x63" + number(0)],
    "CHANNEL_SUCCESS of an unknown channel": [b"\x63" + number(9)],
    "a channel message without a number": [b"\x5e"],
    "a new offer cut short": [kexinit()[:40]],
    "a new offer without a common cipher": [kexinit(ciphers=(BAD, BAD))],
}
"""What is sent after a login: payloads."""
