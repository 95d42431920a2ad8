# SPDX-License-Identifier: MIT
"""What scanners, brute-forcers and worms of today send to an FTP server: a sixth set, written before."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues.ftp import VARIES
from tests.decnet_decoys.services.dialogues.play import END, Kind, Step, Transfer, lines
from tests.decnet_decoys.services.dialogues.real_servers import PASSWORD, USER

_USER, _PASS = b"USER " + USER.encode(), b"PASS " + PASSWORD.encode()
_IN = lines(_USER, _PASS)


def _down(command: bytes, how: bytes = b"PASV") -> tuple[Step, ...]:
    return (how + b"\r\n", Transfer(command + b"\r\n"))


def _up(command: bytes, data: bytes, how: bytes = b"PASV") -> tuple[Step, ...]:
    return (how + b"\r\n", Transfer(command + b"\r\n", data))


DIALOGUES: dict[str, tuple[Step, ...]] = {
    "hydra": lines(b"USER admin", b"PASS admin", b"USER root", b"PASS root", b"QUIT"),
    "nmap's ftp-anon": lines(b"USER anonymous", b"PASS IEUser@", b"SYST", b"STAT", b"QUIT"),
    "ProFTPD's mod_copy": (*_IN, *lines(b"SITE CPFR /etc/passwd", b"SITE CPTO /tmp/x", b"QUIT")),
    "the smiley": lines(b"USER x:)", b"PASS y", b"USER root:)", b"PASS x"),
    "before the log-in": lines(
        b"PWD",
        b"LIST",
        b"PASV",
        b"PORT 127,0,0,1,1,1",
        b"FEAT",
        b"OPTS UTF8 ON",
        b"NOOP",
        b"STOR x",
        b"CWD /",
        b"ALLO 5",
        b"PASS x",
        b"QUIT",
    ),
    "lftp": (
        *lines(b"FEAT", b"OPTS UTF8 ON", b"AUTH TLS", b"AUTH SSL"),
        *_IN,
        *lines(b"PWD", b"TYPE I", b"PBSZ 0", b"PROT P", b"PROT C", b"CWD /nonexistent", b"CDUP", b"XPWD"),
    ),
    "a file goes up": (
        *_IN,
        *lines(b"TYPE I"),
        *_up(b"STOR ga1", b"hello\nworld\n"),
        *lines(b"SIZE ga1", b"RNFR ga1", b"RNTO ga2", b"RNTO ga3"),
        *_up(b"APPE ga2", b"more"),
        *_down(b"RETR ga2"),
        *lines(b"SIZE ga2", b"DELE ga2", b"DELE ga2"),
    ),
    "a script on the web": (
        *_IN,
        *lines(b"CWD /var/www/html-nope", b"MKD gb1", b"MKD gb1", b"CWD gb1"),
        *_up(b"STOR x.php", b"<?php ?>"),
        *lines(b"SITE CHMOD 777 x.php", b"DELE x.php", b"CWD ..", b"RMD gb1", b"RMD gb1", b"XMKD gb2", b"XRMD gb2"),
    ),
    "restarting": (
        *_IN,
        *lines(b"TYPE I"),
        *_up(b"STOR gc1", b"0123456789"),
        *lines(b"REST 4"),
        *_down(b"RETR gc1"),
        *lines(b"REST x", b"REST"),
        *_down(b"RETR gc1"),
        *lines(b"REST -1", b"DELE gc1"),
    ),
    "extended passive": (
        *_IN,
        *lines(b"EPSV 2", b"EPSV 3"),
        *_down(b"NLST gd-nope", b"EPSV"),
        *lines(b"EPSV ALL", b"PASV", b"PORT 127,0,0,1,9,9", b"EPRT |1|127.0.0.1|5000|"),
    ),
    "bounces": (
        *_IN,
        *lines(
            b"PORT 192,0,2,1,0,22",
            b"PORT 1,2,3",
            b"PORT a,b,c,d,e,f",
            b"EPRT |1|192.0.2.1|22|",
            b"EPRT |3|x|1|",
            b"EPRT nope",
            b"LIST",
        ),
    ),
    "types and modes": (
        *_IN,
        *lines(
            b"TYPE A",
            b"TYPE A N",
            b"TYPE E",
            b"TYPE L 8",
            b"TYPE X",
            b"TYPE",
            b"MODE S",
            b"MODE B",
            b"MODE",
            b"STRU F",
            b"STRU R",
            b"ALLO",
            b"ACCT x",
            b"SMNT x",
            b"REIN",
            b"ABOR",
        ),
    ),
    "help": (
        *_IN,
        *lines(
            b"HELP",
            b"HELP STOR",
            b"STAT nope-ge",
            b"SYST x",
            b"NOPE",
            b"",
            b" ",
            b"NOOP x",
            b"CLNT x",
            b"CSID x",
            b"MLSD",
            b"MLST x",
            b"HASH x",
            b"XCRC x",
        ),
    ),
    "names": (
        *_IN,
        *lines(
            b"CWD ~",
            b"PWD",
            b"CWD ./././",
            b"PWD",
            b"CWD",
            b'CWD nope"x',
            b'MKD gf"1',
            b'RMD gf"1',
            b"DELE",
            b"RNFR nope",
            b"RNTO x",
            b"SIZE .",
            b"MDTM .",
            b"RETR .",
        ),
    ),
    "a transfer without a port": (*_IN, *lines(b"RETR x", b"STOR gg1", b"LIST", b"NLST", b"APPE x", b"STOU")),
    "a unique name": (*_IN, *_up(b"STOU gh1", b"x"), *lines(b"DELE gh1", b"DELE gh1.1")),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n", END),
    "a long line": (b"USER " + b"a" * 5000 + b"\r\n", b"PASS x\r\n"),
    "many names": lines(b"USER a", b"USER b", b"USER", b"PASS", b"USER ftp", b"PASS a@b", b"USER a b"),
    "once more": (*_IN, *lines(b"USER x", b"USER " + USER.encode(), b"PASS x", b"PASS x")),
    "pieces": (b"US", b"ER anon", b"ymous\r", b"\n", b"QUIT\n"),
    "two in one": (b"SYST\r\nFEAT\r\nUSER x\r\nQUIT\r\n",),
}

KIND = Kind(DIALOGUES, VARIES)
