# SPDX-License-Identifier: MIT
"""What visitors say to an FTP server, before and after a log-in."""

from __future__ import annotations

import re

from tests.decnet_decoys.services.dialogues.play import END, Kind, Step, lines
from tests.decnet_decoys.services.dialogues.real_servers import PASSWORD, USER

_IN = (b"USER %s\r\nPASS %s\r\n" % (USER.encode(), PASSWORD.encode()),)
_USER, _PASS = (line + b"\r\n" for line in _IN[0].split(b"\r\n")[:2])


def _inside(*each: bytes) -> tuple[Step, ...]:
    return (_USER, _PASS, *lines(*each))


DIALOGUES: dict[str, tuple[Step, ...]] = {
    "a greeting": (),
    "QUIT": lines(b"QUIT"),
    "a wrong password": lines(b"USER deploy", b"PASS wrong", b"QUIT"),
    "an unknown account": lines(b"USER nobody-here", b"PASS x", b"QUIT"),
    "anonymous": lines(b"USER anonymous", b"PASS a@b.c", b"USER ftp", b"PASS x"),
    "root": lines(b"USER root", b"PASS root"),
    "three wrong passwords": lines(*(b"USER a", b"PASS b") * 3, b"USER a"),
    "a log-in": _inside(b"QUIT"),
    "a log-in at once": (_USER + _PASS + b"PWD\r\nQUIT\r\n",),
    "a password first": lines(b"PASS x", b"USER deploy", b"USER deploy", b"PASS x", b"PASS x"),
    "an empty name": lines(b"USER", b"PASS", b"USER ", b"PASS x"),
    "an empty password": lines(b"USER deploy", b"PASS", b"USER deploy", b"PASS "),
    "commands before a log-in": lines(
        b"SYST", b"FEAT", b"HELP", b"PWD", b"LIST", b"PASV", b"NOOP", b"STAT", b"OPTS UTF8 ON"
    ),
    "more commands before a log-in": lines(b"FOO", b"", b" ", b"TYPE I", b"REIN", b"ABOR", b"ALLO", b"ACCT x", b"CDUP"),
    "lower case": lines(b"user deploy", b"pass wrong", b"Quit now"),
    "lines ended by LF": (b"USER deploy\nPASS wrong\nQUIT\n",),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n",),
    "a TLS hello": (b"\x16\x03\x01\0\x0a\x01\0\0\x06\x03\x03" + bytes(20) + b"\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "garbage": (bytes(range(1, 256)) + b"\r\n",),
    "NUL": (b"NO\0OP\r\n", b"\0\r\n"),
    "a line of 600 bytes": (b"USER " + b"a" * 600 + b"\r\n", b"PASS x\r\n"),
    "a line of 5000 bytes": (b"A" * 5000 + b"\r\n", b"QUIT\r\n"),
    "a line without an end": (b"A" * 20_000,),
    "the client ends": (END,),
    "the client ends within a command": (b"QUIT", END),
    "AUTH": lines(b"AUTH", b"AUTH X", b"AUTH GSSAPI", b"PBSZ 0", b"PROT P", b"CCC"),
    "AUTH TLS, then none": (b"AUTH TLS\r\n", b"USER deploy\r\n"),
    "where am I": _inside(b"CWD /", b"PWD", b"XPWD", b"CDUP", b"PWD", b"CWD /nonexistent", b"CWD", b"CWD ~"),
    "fixed answers": _inside(
        b"SYST", b"NOOP", b"ALLO 7", b"ACCT x", b"REIN", b"SMNT x", b"HELP", b"USER deploy", b"USER x", b"PASS x"
    ),
    "FEAT and OPTS": _inside(
        b"FEAT", b"OPTS UTF8 ON", b"OPTS utf8 on", b"OPTS UTF8 OFF", b"OPTS", b"OPTS MLST size", b"MLSD", b"MLST /"
    ),
    "TYPE, MODE and STRU": _inside(
        b"TYPE I",
        b"TYPE i",
        b"TYPE A",
        b"TYPE A N",
        b"TYPE L8",
        b"TYPE L 8",
        b"TYPE",
        b"TYPE X",
        b"MODE S",
        b"MODE s",
        b"MODE B",
        b"MODE",
        b"STRU F",
        b"STRU R",
        b"STRU",
    ),
    "what is not there": _inside(
        b"SIZE nope", b"MDTM nope", b"DELE nope", b"RMD nope", b"RNFR nope", b"RNTO x", b"RETR nope", b"STOR x", b"LIST"
    ),
    "what may not be": _inside(
        b"MKD /etc/x",
        b"RMD /etc",
        b"DELE /etc/passwd",
        b"SIZE /etc",
        b"MDTM /etc",
        b"CWD /root",
        b"SITE CHMOD 777 /etc/passwd",
    ),
    "directories": _inside(
        b"MKD d1", b"MKD d1", b"CWD d1", b"CDUP", b"RNFR d1", b"RNTO d2", b"RMD d2", b"RMD d2", b"XMKD d3", b"XRMD d3"
    ),
    "empty arguments": _inside(
        b"MKD", b"RMD", b"DELE", b"RNFR", b"RNTO", b"SIZE", b"MDTM", b"SITE", b"REST", b"STAT nope"
    ),
    "SITE": _inside(
        b"SITE HELP",
        b"SITE FOO",
        b"SITE UMASK",
        b"SITE UMASK 077",
        b"SITE UMASK 9",
        b"SITE CHMOD",
        b"SITE CHMOD 644 nope",
        b"SITE EXEC id",
    ),
    "REST": _inside(b"REST 5", b"REST -1", b"REST x", b"REST 99999999999999999999"),
    "passive": _inside(b"PASV", b"EPSV", b"EPSV 1", b"EPSV 2", b"EPSV 3", b"EPSV ALL", b"PASV", b"ABOR"),
    "active": _inside(
        b"PORT 127,0,0,1,0,80",
        b"PORT 1,2,3,4,200,1",
        b"PORT 1",
        b"PORT a,b,c,d,e,f",
        b"PORT",
        b"EPRT |1|1.2.3.4|5000|",
        b"EPRT x",
        b"EPRT |2|::1|5000|",
    ),
    "transfers without a connection": _inside(b"LIST", b"NLST", b"RETR x", b"STOR x", b"APPE x", b"STOU", b"ABOR"),
    "security after a log-in": _inside(b"PBSZ 0", b"PROT P", b"PROT C", b"AUTH X", b"AUTH TLS"),
    "unknown after a log-in": _inside(b"FOO", b"", b" ", b"XCRC x", b"LPSV", b"CLNT x", b"HOST x", b"QUIT x"),
    "a dozen at once": (_USER, _PASS, b"NOOP\r\n" * 12),
    "the client ends after a log-in": (_USER, _PASS, END),
}

VARIES = (
    (re.compile(rb"\(\d+,\d+,\d+,\d+,\d+,\d+\)"), b"(ADDRESS)"),
    (re.compile(rb"/tmp/[^ \"]*/home"), b"/home/deploy"),
    (re.compile(rb"\(\|\|\|\d+\|\)"), b"(|||PORT|)"),
    (
        re.compile(rb"(?m)(?<![^\[\n])([-d][-rwxst]{9}) +\d+ +\d+ +\d+ +(\d+) [A-Z][a-z]{2} [ \d]\d +[\d:]+ "),
        rb"\1 OWNER \2 TIME ",
    ),
    (re.compile(rb"(?<=client count was )\d+"), b"N"),
    (re.compile(rb"(?<=Connected to )[0-9.]+"), b"ADDRESS"),
)

KIND = Kind(DIALOGUES, VARIES)
