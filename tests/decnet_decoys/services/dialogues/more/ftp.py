# SPDX-License-Identifier: MIT
"""What scanners, brute-forcers and intruders send to an FTP server: a second set, written before the service was read."""  # noqa: E501

from __future__ import annotations

from tests.decnet_decoys.services.dialogues.ftp import VARIES
from tests.decnet_decoys.services.dialogues.play import END, TLS, Kind, Step, Transfer, lines
from tests.decnet_decoys.services.dialogues.real_servers import PASSWORD, USER

_USER, _PASS = b"USER " + USER.encode(), b"PASS " + PASSWORD.encode()


def _inside(*each: bytes | Step) -> tuple[Step, ...]:
    steps: list[Step] = list(lines(_USER, _PASS))
    for step in each:
        steps += lines(step) if isinstance(step, bytes) and not step.endswith(b"\n") else (step,)
    return tuple(steps)


def _down(command: bytes, how: bytes = b"PASV") -> tuple[Step, ...]:
    return (how + b"\r\n", Transfer(command + b"\r\n"))


def _up(command: bytes, data: bytes, how: bytes = b"PASV") -> tuple[Step, ...]:
    return (how + b"\r\n", Transfer(command + b"\r\n", data))


DIALOGUES: dict[str, tuple[Step, ...]] = {
    # scanners
    "nmap ftp-anon": lines(b"USER anonymous", b"PASS IEUser@", b"PASV"),
    "nmap ftp-syst": lines(b"USER anonymous", b"PASS IEUser@", b"SYST", b"STAT", b"QUIT"),
    "nmap ftp-bounce": lines(b"USER anonymous", b"PASS IEUser@", b"PORT 192,0,2,7,0,80", b"LIST"),
    "nmap version probe GenericLines": (b"\r\n\r\n",),
    "nmap version probe Help": (b"HELP\r\n",),
    "nmap FourOhFour": (b"GET /nice%20ports%2C/Tri%6Eity.txt%2ebak HTTP/1.0\r\n\r\n",),
    "nmap RTSP": (b"OPTIONS / RTSP/1.0\r\n\r\n",),
    "nmap SIP": (
        b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\nFrom: <sip:nm@nm>;tag=root\r\n"
        b"To: <sip:nm2@nm2>\r\nCall-ID: 50000\r\nCSeq: 42 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
    ),
    "nmap DNS": (b"\0\x1e\0\x06\x01\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03",),
    "nmap SMB": (b"\0\0\0\xa4\xff\x53\x4d\x42\x72\0\0\0\0\x08\x01\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\x06\0\0\x01\0\r\n",),  # noqa: E501
    "nmap Kerberos": (b"\0\0\0\x71\x6a\x81\x6e\x30\x81\x6b\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\n",),
    "zgrab": (b"HELP\r\n", b"AUTH TLS\r\n"),
    "zgrab without TLS": lines(b"AUTH SSL"),
    "Shodan": lines(b"USER anonymous", b"PASS anonymous", b"HELP", b"FEAT"),
    "Censys": lines(b"FEAT", b"QUIT"),
    "masscan": (b"",),
    "an RDP cookie": (b"\x03\0\0/*\xe0\0\0\0\0\0Cookie: mstshash=Administr\r\n\x01\0\x08\0\x03\0\0\0",),
    # brute force
    "hydra": lines(b"USER admin", b"PASS admin", b"USER admin", b"PASS password", b"USER admin", b"PASS 123456"),
    "medusa": lines(b"USER root", b"PASS toor", b"QUIT"),
    "ncrack": (b"USER ftp\r\nPASS ftp\r\n", b"USER ftpuser\r\nPASS ftpuser\r\n"),
    "metasploit ftp_login": lines(b"USER anonymous", b"PASS mozilla@example.com", b"QUIT"),
    "a user twice": lines(b"USER a", b"USER b", b"PASS c"),
    "spaces around a name": lines(b"USER  deploy", b"PASS deploy"),
    "a name with spaces behind": lines(b"USER deploy ", b"PASS deploy"),
    "a tab for a space": lines(b"USER\tdeploy", b"PASS deploy"),
    "mixed case": lines(b"UsEr deploy", b"pAsS deploy", b"pWd"),
    "an upper-case account": lines(b"USER DEPLOY", b"PASS deploy"),
    "a name with a smile": lines(b"USER letmein:)", b"PASS x"),
    "a name with format letters": lines(b"USER %x%x%n%s", b"PASS %s%s%s%n"),
    "a name with quotes": lines(b"USER ' or 1=1--", b"PASS x", b"QUIT"),
    "bytes above ASCII in a name": lines(b"USER \xff\xfe\xc3\xa4", b"PASS \xff"),
    "ProFTPD's mod_sql": lines(b"USER %') and 1=2 union select 1,1,uid,gid,homedir,shell from users; --", b"PASS 1"),
    "ProFTPD's mod_copy": lines(b"SITE CPFR /etc/passwd", b"SITE CPTO /tmp/x"),
    "mod_copy inside": _inside(b"SITE CPFR /etc/passwd", b"SITE CPTO /tmp/x"),
    "ProFTPD's backdoor": lines(b"HELP ACIDBITCHEZ", b"id;"),
    "wu-ftpd's SITE EXEC": _inside(b"SITE EXEC %p%p", b"SITE INDEX foo", b"SITE HELP EXEC"),
    "an overlong USER": lines(b"USER " + b"A" * 1100, b"QUIT"),
    "an overlong PASS": lines(b"USER x", b"PASS " + b"A" * 1100),
    "an overlong command inside": _inside(b"MKD " + b"A" * 300, b"CWD " + b"A" * 4200, b"PWD"),
    "SIZE before a log-in": lines(b"SIZE x", b"MDTM x", b"REST 1", b"PORT 1,2,3,4,5,6", b"EPSV", b"EPRT |1|1|1|"),
    "odd verbs before": lines(b"CLNT x", b"HOST x", b"MLST", b"LANG en", b"XPWD", b"PROT C", b"CCC", b"MIC x"),
    "verbs glued together": lines(b"USERdeploy", b"PASSdeploy", b"QUITE", b"HELPME"),
    "a proxy line": (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",),
    "Telnet's interrupt": _inside(b"\xff\xf4\xff\xf2ABOR"),
    "Telnet options": (b"\xff\xfd\x03NOOP\r\n",),
    "CR alone": (b"NOOP\rNOOP\r", b"\n"),
    "CR within": (b"NO\rOP\r\n",),
    "half a command, and the rest": (b"NO", b"OP\r\n", b"QU", b"IT\r\n"),
    "pipelined without a log-in": (b"USER x\r\nPASS y\r\nSYST\r\nPWD\r\nQUIT\r\n",),
    "pipelined, then the end": (b"USER x\r\nPASS y\r\nQUIT\r\n", END),
    "the client ends after USER": (*lines(b"USER deploy"), END),
    # inside
    "curl's steps": _inside(b"PWD", b"EPSV", Transfer(b"TYPE A\r\n"), b"QUIT"),
    "a browser's steps": _inside(b"SYST", b"PWD", b"TYPE I", b"CWD /etc", b"PASV", b"ABOR"),
    "FileZilla's steps": _inside(b"SYST", b"FEAT", b"CLNT FileZilla", b"OPTS UTF8 ON", b"PWD", b"TYPE I"),
    "lftp's steps": _inside(b"FEAT", b"OPTS UTF8 ON", b"OPTS MLST type;size;", b"PWD", b"CWD ~/", b"PBSZ 0", b"PROT P"),
    "ncftp's steps": _inside(b"PWD", b"FEAT", b"CLNT NcFTP 3.2.6", b"HELP SITE", b"SITE CHMOD", b"REST 1", b"REST 0"),
    "Python's ftplib": _inside(b"TYPE A", *_down(b"NLST /etc/apt/nothing"), b"QUIT"),
    "an upload and back": _inside(
        b"MKD up1", b"CWD up1", b"TYPE I", *_up(b"STOR a.php", b"<?php system($_GET[0]); ?>\n"), b"SIZE a.php",
        *_down(b"RETR a.php"), *_down(b"LIST"), *_down(b"NLST"), b"DELE a.php", b"CDUP", b"RMD up1",
    ),
    "an upload by EPSV": _inside(
        b"MKD up2", b"CWD up2", *_up(b"STOR x.sh", b"#!/bin/sh\nid\n", b"EPSV"), *_down(b"LIST -la", b"EPSV"),
        b"SITE CHMOD 755 x.sh", *_down(b"LIST x.sh"), b"DELE x.sh", b"CWD ..", b"RMD up2",
    ),
    "as text": _inside(
        b"MKD up3", b"CWD up3", b"TYPE A", *_up(b"STOR t", b"a\r\nb\r\n"), b"SIZE t", b"TYPE I", b"SIZE t",
        *_down(b"RETR t"), b"TYPE A", *_down(b"RETR t"), b"DELE t", b"CDUP", b"RMD up3",
    ),
    "appended": _inside(
        b"MKD up4", b"CWD up4", b"TYPE I", *_up(b"STOR t", b"abc"), *_up(b"APPE t", b"def"), *_down(b"RETR t"),
        b"REST 2", *_down(b"RETR t"), b"REST 4", *_up(b"STOR t", b"ZZ"), *_down(b"RETR t"), b"DELE t", b"CDUP",
        b"RMD up4",
    ),
    "a unique name": _inside(
        b"MKD up5", b"CWD up5", *_up(b"STOU", b"abc"), *_up(b"STOU t", b"abc"), *_up(b"STOU t", b"abc"),
            *_down(b"NLST"),
    ),
    "renamed": _inside(
        b"MKD up6", b"CWD up6", *_up(b"STOR a", b"x"), b"RNFR a", b"RNTO b", b"RNTO c", b"RNFR a", b"RNFR b", b"NOOP",
        b"RNTO c", b"RNFR c", b"RNTO /etc/x", *_down(b"NLST"), b"DELE b", b"DELE c", b"CDUP", b"RMD up6",
    ),
    "a directory that is not empty": _inside(
        b"MKD up7", b"MKD up7/b", b"RMD up7", b"DELE up7", b"RETR up7", *_down(b"RETR up7"), *_up(b"STOR up7", b"x"),
        b"SIZE up7", b"MDTM up7", b"RMD up7/b", b"RMD up7",
    ),
    "globs": _inside(
        b"MKD up8", b"CWD up8", *_up(b"STOR a1", b"x"), *_up(b"STOR a2", b"x"), *_up(b"STOR b1", b"x"),
        *_down(b"NLST a*"), *_down(b"NLST *1"), *_down(b"NLST {a,b}1"), *_down(b"NLST c*"), *_down(b"LIST a?"),
    ),
    "hidden files": _inside(
        b"MKD up9", b"CWD up9", *_up(b"STOR .h", b"x"), *_up(b"STOR v", b"x"), *_down(b"NLST"), *_down(b"NLST -a"),
        *_down(b"LIST -a"), *_down(b"NLST -R"), *_down(b"LIST -l"),
    ),
    "STAT of a directory": _inside(
        b"MKD up10", *_up(b"STOR up10/f", b"xyz"), b"STAT up10", b"STAT up10/f", b"STAT -a up10",
    ),
    "names with spaces": _inside(
        b"MKD up 11", b"CWD up 11", b"PWD", *_up(b"STOR a b", b"x"), *_down(b"NLST"), b"DELE a b", b"CDUP",
            b"RMD up 11",
    ),
    "names with quotes": _inside(b'MKD up"12', b'CWD up"12', b"PWD", b"CDUP", b'RMD up"12', b"MKD \xff\xfe",
        b"RMD \xff\xfe"),
    "ways up": _inside(
        b"CWD ../../../../../../etc", b"PWD", b"CWD ..", b"PWD", b"CWD //", b"PWD", b"CWD /./tmp/.", b"PWD",
            b"CWD /tmp/..//"
        , b"PWD", b"CWD ....", b"CWD %2e%2e", b"CWD ..\\..",
    ),
    "files of the system": _inside(
        b"TYPE I", *_down(b"RETR /etc/shadow"), *_down(b"RETR ../../../../etc/shadow"), *_down(b"RETR /dev/null"),
        *_down(b"RETR /nope"), *_up(b"STOR /etc/passwd", b"x"), *_up(b"STOR /etc/cron.d/x", b"x"),
        *_up(b"STOR /root/.ssh/authorized_keys", b"x"), b"MDTM /dev/null", b"SIZE /dev/null",
    ),
    "lists of what may not be read": _inside(*_down(b"LIST /root"), *_down(b"NLST /root"), *_down(b"LIST /nope"),
        *_down(b"NLST /nope")),
    "MDTM sets": _inside(
        b"MKD up13", b"CWD up13", *_up(b"STOR t", b"x"), b"MDTM 20200102030405 t", b"MDTM t", *_down(b"LIST"),
        b"MDTM 2020 t", b"MDTM 20200102030405", b"DELE t", b"CDUP", b"RMD up13",
    ),
    "SITE CHMOD's modes": _inside(
        b"MKD up14", b"SITE CHMOD 0700 up14", b"SITE CHMOD 999 up14", b"SITE CHMOD x up14", b"SITE CHMOD 4755 up14",
        b"site chmod 755 up14", b"SITE UMASK 22", b"SITE UMASK", b"SITE UMASK x", b"RMD up14",
    ),
    "a mask": _inside(b"MKD up15", b"CWD up15", b"SITE UMASK 000", *_up(b"STOR t", b"x"), b"MKD d", *_down(b"LIST")),
    "active to privileged ports": _inside(b"PORT 127,0,0,1,0,22", b"EPRT |1|127.0.0.1|22|", b"LIST",
        b"PORT 0,0,0,0,0,0"),
    "active that nobody takes": _inside(b"EPRT |3|x|5000|", b"EPRT ||127.0.0.1|5000|", b"EPRT |1|127.0.0.1|70000|",
        b"EPRT"),
    "PORT's bounds": _inside(b"PORT 256,0,0,1,4,1", b"PORT 127,0,0,1,256,1", b"PORT 127,0,0,1,4",
        b"PORT 127,0,0,1,4,1,1", b"PORT -1,0,0,1,4,1"),
    "PASV, then another": _inside(b"PASV", b"PASV", b"EPSV", b"EPSV ALL", b"PORT 127,0,0,1,200,1",
        b"EPRT |1|127.0.0.1|5000|", b"EPSV"),
    "EPSV's arguments": _inside(b"EPSV 1 2", b"EPSV x", b"EPSV all", b"EPSV 0", b"EPSV ALL x", b"PASV x"),
    "REST's arguments": _inside(b"REST 0", b"REST 1 2", b"REST +1", b"REST 2147483648", b"REST 9223372036854775808",
        b"NOOP", b"REST"),
    "ALLO and friends": _inside(b"ALLO", b"ALLO x", b"ACCT", b"SMNT", b"SYST x", b"NOOP x", b"HELP LIST", b"STAT x y",
        b"REIN x"),
    "TYPE's more": _inside(b"TYPE E", b"TYPE A T", b"TYPE A C", b"TYPE l8", b"TYPE L 7", b"TYPE I N", b"TYPE ",
        b"type i"),
    "MODE's more": _inside(b"MODE Z", b"MODE C", b"mode s", b"STRU P", b"stru f", b"MODE S x", b"STRU F x"),
    "Microsoft's": _inside(b"SITE DIRSTYLE", b"SITE IDLE 60", b"SITE STATS", b"SITE WHO", b"SITE PSWD a b", b"SITE",
        b"SITE CHMOD 777"),
    "hashes": _inside(b"XMD5 a", b"XSHA1 a", b"XSHA256 a", b"HASH a", b"MD5 a", b"XCRC a", b"COMB a b", b"AVBL"),
    "odd verbs inside": _inside(b"MFMT 20200102030405 x", b"MFF x y", b"LPRT 4,4", b"LPSV", b"XCUP", b"XCWD /",
        b"XRMD x", b"XMKD /etc/x", b"ESTP", b"P@SW", b"MLFL", b"MAIL"),
    "UTF8": _inside(b"OPTS UTF-8", b"OPTS UTF8", b"OPTS utf8 off", b"OPTS UTF8 NLST", b"MKD \xc3\xa4\xc3\xb6",
        b"RMD \xc3\xa4\xc3\xb6", b"LANG", b"OPTS HASH"),
    "ABOR": _inside(b"ABOR", b"PASV", b"ABOR", b"LIST", b"abor x"),
    "STAT inside": _inside(b"STAT", b"STAT /nope", b"STAT /root/nope"),
    "LIST's ways": _inside(b"LIST -R /nope", b"LIST", b"LIST -la", b"MLSD", b"MLSD .", b"MLST .", b"NLST ."),
    "again within": _inside(b"USER root", b"USER anonymous", b"USER DEPLOY", b"USER", b"PASS deploy"),
    "a dropper": _inside(
        b"TYPE I", b"MKD up16", b"CWD up16", *_up(b"STOR Photo.scr", b"MZ" + bytes(300)), *_up(b"STOR Info.zip",
            b"PK\3\4"),
        *_down(b"LIST"), b"CWD /nope", b"QUIT",
    ),
    "a web server's root": _inside(b"CWD /var/www", b"CWD html", b"PWD", *_up(b"STOR x.php", b"<?php ?>"), b"MKD x"),
    "a password after the log-in": _inside(b"PASS deploy", b"PASS", b"pass x", b"USER deploy", b"PASS x"),
    # TLS
    "TLS": (*lines(b"AUTH TLS"), TLS, *lines(b"USER deploy", b"PASS deploy", b"PBSZ 0", b"PROT P", b"PWD", b"QUIT")),
    "TLS, all": (*lines(b"AUTH SSL"), TLS, *lines(b"AUTH TLS", b"FEAT", b"PBSZ 1", b"PROT C", b"PROT S", b"PROT E",
        b"PROT", b"PROT X", b"CCC", b"USER deploy", b"PASS deploy", b"CCC")),
    "TLS, and a list in the clear": (
        *lines(b"AUTH TLS"), TLS, *lines(b"USER deploy", b"PASS deploy", b"PBSZ 0", b"PROT C"), *_down(b"LIST /nope"),
    ),
    "TLS before its order": (*lines(b"PBSZ 0", b"PROT P", b"AUTH TLS"), TLS, *lines(b"PROT P", b"PBSZ", b"PBSZ x")),
    "AUTH's case": lines(b"auth tls-c"),
    "AUTH TLS-P": lines(b"AUTH TLS-P"),
    "AUTH others": lines(b"AUTH KERBEROS_V4", b"AUTH tls x", b"AUTH  TLS"),
    "AUTH, then plain text": (b"AUTH TLS\r\nUSER deploy\r\nPASS deploy\r\n",),
}  # fmt: skip

KIND = Kind(DIALOGUES, VARIES, most=6)
