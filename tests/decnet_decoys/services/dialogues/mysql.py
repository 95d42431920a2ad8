# SPDX-License-Identifier: MIT
"""What visitors say to MariaDB: odd greetings, log-ins, first questions, packets that are none."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable

from tests.decnet_decoys.services.dialogues.play import END, Kind, Step
from tests.decnet_decoys.services.dialogues.real_servers import DATABASE_PASSWORD

_CAPABILITIES = 0x000FA685
NATIVE = b"mysql_native_password"


def packet(number: int, data: bytes) -> bytes:
    return len(data).to_bytes(3, "little") + bytes((number,)) + data


def _salt(seen: bytes) -> bytes:
    """Return the challenge of a greeting."""
    rest = seen[4:].partition(b"\0")[2]
    return rest[4:12] + rest[31:43]


def _response(seen: bytes, password: bytes) -> bytes:
    if not password:
        return b""
    once = hashlib.sha1(password).digest()
    mask = hashlib.sha1(_salt(seen) + hashlib.sha1(once).digest()).digest()
    return bytes(one ^ two for one, two in zip(once, mask, strict=True))


def log_in(
    user: bytes = b"root",
    password: bytes = DATABASE_PASSWORD.encode(),
    *,
    database: bytes = b"",
    plugin: bytes = NATIVE,
    capabilities: int = _CAPABILITIES,
    number: int = 1,
) -> Callable[[bytes], bytes]:
    """Return what makes a log-in packet of the greeting."""

    def made(seen: bytes) -> bytes:
        response = _response(seen, password)
        flags = capabilities | (8 if database else 0)
        body = struct.pack("<IIB", flags, 1 << 24, 45) + bytes(23) + user + b"\0" + bytes((len(response),)) + response
        return packet(number, body + (database + b"\0" if database else b"") + plugin + b"\0")

    return made


def query(sql: bytes) -> bytes:
    return packet(0, b"\x03" + sql)


def asked(*statements: bytes) -> tuple[Step, ...]:
    return (log_in(), *map(query, statements))


DIALOGUES: dict[str, tuple[Step, ...]] = {
    "a greeting": (),
    "the client ends": (END,),
    "a log-in": (log_in(), packet(0, b"\x01")),
    "a wrong password": (log_in(password=b"x"),),
    "no password": (log_in(password=b""),),
    "an unknown account": (log_in(b"nobody-here", b"x"),),
    "an unknown account without a password": (log_in(b"nobody-here", b""),),
    "an empty name": (log_in(b"", b""),),
    "an unknown database": (log_in(database=b"nope"),),
    "a known database": (log_in(database=b"mysql"),),
    "another plugin": (log_in(plugin=b"caching_sha2_password"), packet(3, b"")),
    "an unknown plugin": (log_in(plugin=b"foo"), packet(3, bytes(20))),
    "no plugin": (log_in(capabilities=_CAPABILITIES & ~0x80000),),
    "no protocol 4.1": (log_in(capabilities=_CAPABILITIES & ~0x200),),
    "a wrong number": (log_in(number=5),),
    "TLS that is not offered": (packet(1, struct.pack("<IIB", _CAPABILITIES | 0x800, 1 << 24, 45) + bytes(23)),),
    "an empty packet": (packet(1, b""),),
    "a short packet": (packet(1, b"\x85\xa6"),),
    "zeros": (packet(1, bytes(40)),),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "a TLS hello": (b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03" + bytes(160),),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "garbage": (bytes(range(256)),),
    "a packet of which half comes": (packet(1, bytes(100))[:50], END),
    "PING": (log_in(), packet(0, b"\x0e")),
    "USE": (log_in(), packet(0, b"\x02mysql"), packet(0, b"\x02nope"), query(b"use nope"), query(b"USE mysql")),
    "an unknown command": (log_in(), packet(0, b"\x63"), packet(0, b"\x0e")),
    "an empty command": (log_in(), packet(0, b"")),
    "commands of old": (log_in(), packet(0, b"\x05x"), packet(0, b"\x00")),
    "a prepared statement": (
        log_in(),
        packet(0, b"\x16foo bar"),
    ),
    "RESET": (log_in(), packet(0, b"\x1f")),
    "an empty query": asked(b"", b" ", b";"),
    "a syntax error": asked(b"foo", b"foo bar baz", b"select", b"select from", b"id;whoami", b"show foo"),
    "select": asked(b"select 1", b"select 1+1", b"select 'a'", b"select NULL", b"SELECT 1 as x", b"select 1;"),
    "who am I": asked(b"select current_user()", b"select database()", b"select user() like 'root@%'"),
    "versions": asked(b"select @@version_comment limit 1", b"select @@version_compile_os", b"select @@hostname = 'x'"),
    "what there is": asked(b"show databases like 'mysql'", b"show tables from nope", b"show tables"),
    "what is not there": asked(
        b"select * from nope",
        b"select * from nope.t",
        b"select nope",
        b"select nope()",
        b"drop table nope.t",
        b"drop database nope",
    ),
    "set": asked(b"SET NAMES utf8", b"set autocommit=1", b"set @a=1", b"SET foo=1"),
    "a transaction": asked(b"begin", b"commit"),
    "create and drop": asked(
        b"create database zz1",
        b"create database zz1",
        b"create table zz1.t (a int)",
        b"insert into zz1.t values (1)",
        b"select * from zz1.t",
        b"drop database zz1",
    ),
    "ways out": asked(
        b"select load_file('/etc/nonexistent')",
        b"select sys_exec('id')",
        b"select @@secure_file_priv",
        b"select @@plugin_dir",
    ),
    "two queries at once": (log_in(), query(b"select 1") + query(b"select 2")),
    "quit at once": (log_in(), packet(0, b"\x01") + query(b"select 1")),
}

VARIES = (
    (re.compile(rb"\A.{3}(?=.\n5\.5\.5)", re.DOTALL), b"LEN"),  # of the greeting, with the version's
    (
        re.compile(rb"(?s)\A(.{3}\0\n5\.5\.5-)[^\0]*\0.{4}.{8}\0(.{18}).{12}\0"),
        rb"\1VERSION|THREAD|SALT|\2SALT|",
    ),
    (re.compile(rb"(?<=mysql_native_password\0).{20}(?=\0)", re.DOTALL), b"SALT"),
    (re.compile(rb"'@'[0-9.]+'"), b"'@'ADDRESS'"),
)

KIND = Kind(DIALOGUES, VARIES)
