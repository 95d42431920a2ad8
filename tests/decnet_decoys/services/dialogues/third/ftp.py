# SPDX-License-Identifier: MIT
"""What clients, worms and bots do at an FTP server: a third set, written before the service was read."""

from __future__ import annotations

from tests.decnet_decoys.services.dialogues.ftp import VARIES
from tests.decnet_decoys.services.dialogues.play import END, TLS, Kind, Step, Transfer, lines
from tests.decnet_decoys.services.dialogues.real_servers import PASSWORD, USER

_USER, _PASS = b"USER " + USER.encode(), b"PASS " + PASSWORD.encode()


def _down(command: bytes, how: bytes = b"PASV") -> tuple[Step, ...]:
    return (how + b"\r\n", Transfer(command + b"\r\n"))


def _up(command: bytes, data: bytes, how: bytes = b"PASV") -> tuple[Step, ...]:
    return (how + b"\r\n", Transfer(command + b"\r\n", data))


_IN = lines(_USER, _PASS)

DIALOGUES: dict[str, tuple[Step, ...]] = {
    "curl": (*_IN, *lines(b"PWD", b"EPSV", b"TYPE I", b"SIZE fa1", b"RETR fa1", b"QUIT")),
    "wget": (
        *_IN,
        *lines(b"SYST", b"PWD", b"TYPE I", b"CWD /nope/x", b"CWD /", b"SIZE nope"),
        *_down(b"RETR nope"),
        b"QUIT\r\n",
    ),
    "FileZilla": (*lines(b"AUTH SSL"), END),
    "FileZilla without TLS": (
        *_IN,
        *lines(b"SYST", b"FEAT", b"CLNT FileZilla", b"OPTS UTF8 ON", b"PWD", b"TYPE I"),
        *_down(b"MLSD"),
        *lines(b"NOOP", b"QUIT"),
    ),
    "WinSCP": (
        *_IN,
        *lines(b"SYST", b"FEAT", b"CLNT WinSCP-release-5.21", b"PBSZ 0", b"PROT P", b"PWD", b"CWD .", b"TYPE A"),
        *_down(b"LIST -a fzz-nope"),
        b"QUIT\r\n",
    ),
    "lftp": (
        *lines(b"FEAT", b"AUTH TLS"),
        TLS,
        *lines(_USER, _PASS, b"PBSZ 0", b"PROT P", b"PWD", b"OPTS UTF8 ON", b"CWD /nope", b"QUIT"),
    ),
    "ncftp": (
        *_IN,
        *lines(
            b"CLNT NcFTP 3.2.6 linux-x86_64-glibc",
            b"SITE UTIME a b",
            b"HELP SITE",
            b"REST 1",
            b"REST 0",
            b"MODE Z",
            b"MODE S",
        ),
    ),
    "ftplib uploads": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"STOR fb1.bin", bytes(range(256)) * 20),
        b"SIZE fb1.bin\r\n",
        b"REST 5000\r\n",
        *_down(b"RETR fb1.bin"),
        b"DELE fb1.bin\r\n",
        b"SIZE fb1.bin\r\n",
    ),
    "an upload that goes on": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"STOR fc1", b"0123456789"),
        b"REST 4\r\n",
        *_up(b"STOR fc1", b"AB"),
        b"SIZE fc1\r\n",
        *_down(b"RETR fc1"),
        b"REST 8\r\n",
        *_up(b"STOR fc1", b"wxyz"),
        *_down(b"RETR fc1"),
        *_up(b"APPE fc1", b"!"),
        *_down(b"RETR fc1"),
        b"DELE fc1\r\n",
    ),
    "REST beyond the end": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"STOR fd1", b"abc"),
        b"REST 10\r\n",
        *_down(b"RETR fd1"),
        b"REST 6\r\n",
        *_up(b"STOR fd1", b"z"),
        b"SIZE fd1\r\n",
        *_down(b"RETR fd1"),
        b"DELE fd1\r\n",
    ),
    "ASCII": (
        *_IN,
        b"TYPE A\r\n",
        *_up(b"STOR fe1", b"a\r\nb\nc\r\r\n"),
        b"SIZE fe1\r\n",
        *_down(b"RETR fe1"),
        b"TYPE I\r\n",
        b"SIZE fe1\r\n",
        *_down(b"RETR fe1"),
        b"DELE fe1\r\n",
    ),
    "a web worm": (
        *_IN,
        *lines(b"CWD /var/www/html/nope", b"CWD htdocs", b"CWD public_html", b"MKD ff1", b"CWD ff1"),
        *_up(b"STOR index.php", b"<?php eval($_POST[1]);?>"),
        *_down(b"NLST"),
        *lines(
            b"SITE CHMOD 777 index.php",
            b"RNFR index.php",
            b"RNTO a.php",
            b"DELE index.php",
            b"DELE a.php",
            b"CWD ..",
            b"RMD ff1",
        ),
    ),
    "a crawler": (
        *_IN,
        *lines(
            b"MKD fg1",
            b"MKD fg1/a",
            b"MKD fg1/a/b",
            b"CWD fg1/a/b",
            b"PWD",
            b"CDUP",
            b"PWD",
            b"CWD ../..",
            b"RMD fg1",
            b"RMD fg1/a/b",
            b"RMD fg1/a",
            b"RMD fg1",
            b"MKD /fg-nope/x",
            b"MKD",
            b"CWD fg1",
        ),
    ),
    "listings": (
        *_IN,
        b"MKD fh1\r\n",
        *_up(b"STOR fh1/x", b"12345"),
        *_down(b"LIST fh1"),
        *_down(b"NLST fh1"),
        *_down(b"LIST -la fh1/x"),
        *_down(b"NLST fh1/*"),
        *_down(b"LIST fh1/nope"),
        *_down(b"NLST fh1/{x,y}"),
        *_down(b"LIST -R fh1"),
        *lines(b"STAT fh1/x", b"DELE fh1/x", b"RMD fh1"),
    ),
    "unique names": (
        *_IN,
        *_up(b"STOU", b"x"),
        *lines(b"DELE STOU.nope"),
        *_up(b"STOU fi1", b"x"),
        b"DELE fi1.1\r\n",
        b"DELE fi1\r\n",
    ),
    "passwords of bots": lines(
        b"USER admin",
        b"PASS admin",
        b"USER ftpuser",
        b"PASS 123456",
        b"USER root",
        b"PASS",
        b"USER www-data",
        b"PASS www-data",
        b"QUIT",
    ),
    "Mirai's kin": lines(b"USER anonymous", b"PASS anonymous@", b"USER test", b"PASS test", b"SYST"),
    "the back door of vsftpd 2.3.4": lines(b"USER x:)", b"PASS y", b"NOOP", b"QUIT"),
    "ProFTPD's mod_copy": lines(b"SITE CPFR /etc/passwd", b"SITE CPTO /tmp/x", b"SITE HELP"),
    "mod_copy inside": (
        *_IN,
        *lines(
            b"SITE CPFR /etc/passwd", b"SITE CPTO /tmp/x", b"SITE SYMLINK a b", b"SITE CHMOD 999 x", b"SITE CHMOD 0644"
        ),
    ),
    "overflows": (
        *_IN,
        *lines(
            b"MKD " + b"A" * 300,
            b"CWD " + b"%n%s" * 50,
            b"NLST " + b"*" * 100,
            b"SIZE " + b"../" * 100 + b"etc/nope",
            b"STAT " + b"{" * 50,
        ),
    ),
    "FTP bounce": (
        *_IN,
        *lines(
            b"PORT 192,0,2,1,0,22",
            b"EPRT |1|192.0.2.1|22|",
            b"LIST",
            b"PORT 127,0,0,1,4,1",
            b"PORT 1,2,3",
            b"PORT 256,0,0,1,1,1",
        ),
    ),
    "times and sizes": (
        *_IN,
        b"TYPE I\r\n",
        *_up(b"STOR fj1", b"x" * 100),
        *lines(
            b"SIZE fj1",
            b"MDTM 20200102030405 fj1",
            b"MDTM fj1",
            b"MDTM nope",
            b"SIZE /",
            b"MDTM /nope",
            b"MFMT 20200102030405 fj1",
            b"DELE fj1",
        ),
    ),
    "the tree of the machine": (
        *_IN,
        *lines(
            b"CWD /etc",
            b"PWD",
            b"SIZE passwd-nope",
            b"CWD /root",
            b"DELE /etc/passwd",
            b"MKD /etc/x",
            b"RNFR /etc/passwd",
            b"RNTO /etc/y",
            b"RMD /etc",
        ),
        *_up(b"STOR /etc/fk1", b"x"),
        *_down(b"RETR /etc/shadow"),
        *_down(b"RETR /root/.bashrc"),
    ),
    "TLS for data": (
        *lines(b"AUTH TLS"),
        TLS,
        *lines(b"PBSZ 0", b"PROT P", _USER, _PASS, b"PROT C"),
        *_down(b"RETR nope"),
        b"QUIT\r\n",
    ),
    "RNTO and quotes": (
        *_IN,
        *lines(
            b'MKD fl"1',
            b'CWD fl"1',
            b"PWD",
            b"CDUP",
            b'RNFR fl"1',
            b"RNTO fl 2",
            b"RMD fl 2",
            b"RNTO x",
            b"RNFR",
            b"MKD -p",
            b"RMD -p",
            b"MKD fl\xc3\xa9",
            b"CWD fl\xc3\xa9",
            b"PWD",
            b"CDUP",
            b"RMD fl\xc3\xa9",
        ),
    ),
}

KIND = Kind(DIALOGUES, VARIES)
