# SPDX-License-Identifier: MIT
"""What scanners, spammers and exploits of today send to a mail server, written before the service was looked at."""

from __future__ import annotations

import base64

from tests.decnet_decoys.services.dialogues.play import END, TLS, Kind, Step, lines
from tests.decnet_decoys.services.dialogues.real_servers import HOST, PASSWORD, USER
from tests.decnet_decoys.services.dialogues.smtp import VARIES

_NAME, _PASS, _HOST = USER.encode(), PASSWORD.encode(), HOST.encode()


def _b64(*parts: bytes) -> bytes:
    return base64.b64encode(b"\0".join(parts))


def _after(*each: bytes) -> tuple[Step, ...]:
    return lines(b"EHLO client.example", *each)


_FROM, _TO = b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>"

DIALOGUES: dict[str, tuple[Step, ...]] = {
    "masscan": (b"HELO example.com\r\nQUIT\r\n",),
    "a Go scanner": (*lines(b"EHLO localhost", b"STARTTLS"), TLS, *lines(b"EHLO localhost", b"QUIT")),
    "a list of accounts by LOGIN": _after(
        b"AUTH LOGIN",
        _b64(b"admin"),
        _b64(b"admin123"),
        b"AUTH LOGIN",
        _b64(b"info"),
        _b64(b"info"),
        b"AUTH LOGIN",
        _b64(b"test"),
        _b64(b"test"),
        b"QUIT",
    ),
    "LOGIN with the name at once": _after(
        b"AUTH LOGIN " + _b64(b"admin"), _b64(b"x"), b"auth login " + _b64(_NAME), _b64(_PASS)
    ),
    "Cutwail": lines(b"EHLO ylmf-pc", b"AUTH LOGIN", _b64(b"sales"), _b64(b"12345"), b"RSET", b"QUIT"),
    "PLAIN in two steps": _after(b"AUTH PLAIN", _b64(b"", _NAME, b"wrong"), b"AUTH PLAIN", b"*", b"AUTH PLAIN", b""),
    "CRAM-MD5 and others": _after(
        b"AUTH CRAM-MD5", b"AUTH NTLM", b"AUTH XOAUTH2 x", b"AUTH DIGEST-MD5", b"AUTH", b"AUTH PLAIN x y"
    ),
    "pipelined in one write": (
        b"EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n",
    ),
    "pipelined after HELO": (
        b"HELO a.example\r\n",
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRSET\r\nQUIT\r\n",
    ),
    "pipelined with an error within": (
        b"EHLO a.example\r\n",
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<\r\nRCPT TO:<c@d.example>\r\nFOO\r\nDATA\r\n",
        b"x\r\n.\r\n",
    ),
    "BDAT": (
        *_after(_FROM, _TO),
        b"BDAT 10\r\n0123456789",
        b"BDAT 3 LAST\r\nab\n",
        *lines(_FROM, _TO),
        b"BDAT 5 LAST\r\nhello",
        *lines(b"BDAT 0 LAST", b"QUIT"),
    ),
    "BDAT, then DATA": (*_after(_FROM, _TO), b"BDAT 2\r\nab", *lines(b"DATA", b"NOOP", b"RSET", b"QUIT")),
    "BDAT without recipients": (
        *_after(_FROM),
        b"BDAT 4 LAST\r\nabcd",
        b"BDAT x\r\n",
        b"BDAT\r\n",
        b"BDAT 1 FIRST\r\n",
    ),
    "8BITMIME": _after(
        b"MAIL FROM:<a@b.example> BODY=8BITMIME",
        b"RSET",
        b"MAIL FROM:<a@b.example> BODY=BINARYMIME",
        b"MAIL FROM:<a@b.example> BODY=7BIT",
        b"RSET",
        b"MAIL FROM:<a@b.example> BODY=x",
        b"MAIL FROM:<a@b.example> BODY",
    ),
    "a line of 3000 letters": _after(_FROM, _TO, b"DATA", b"x" * 3000 + b"\r\n.", b"QUIT"),
    "lines of 1000 letters": _after(_FROM, _TO, b"DATA", (b"y" * 1000 + b"\r\n") * 4 + b".", b"QUIT"),
    "a command of 1500 letters": _after(
        b"NOOP " + b"x" * 1500, b"MAIL FROM:<" + b"a" * 1200 + b"@b.example>", b"HELP " + b"x" * 500
    ),
    "bare LF in commands": (b"EHLO a.example\nMAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\nQUIT\n",),
    "bare LF in a mail": (*_after(_FROM, _TO, b"DATA"), b"Subject: x\n\nx\n.\n", b"\r\n.\r\n", b"QUIT\r\n"),
    "bare CR in commands": (b"EHLO a.example\r", b"NOOP\r", b"\n"),
    "dots in a mail": _after(_FROM, _TO, b"DATA", b"..x\r\n.y\r\n...\r\n.", b"QUIT"),
    "VRFY": _after(
        b"VRFY",
        b"VRFY root",
        b"VRFY <root>",
        b"VRFY root@" + _HOST,
        b"VRFY nobody@nowhere.example",
        b"VRFY a b",
        b"VRFY @",
    ),
    "VRFY before a greeting": lines(b"VRFY root", b"VRFY admin", b"EXPN root", b"HELP", b"NOOP", b"RSET"),
    "EXPN": _after(b"EXPN", b"EXPN root", b"EXPN postmaster"),
    "what a spammer tries first": _after(
        b"MAIL FROM:<>",
        b"RCPT TO:<victim@gmail.com>",
        b"RCPT TO:<victim%gmail.com@" + _HOST + b">",
        b"RCPT TO:<@" + _HOST + b":victim@gmail.com>",
        b'RCPT TO:"victim@gmail.com"',
        b"RCPT TO:<victim@gmail.com@" + _HOST + b">",
        b"RCPT TO:<gmail.com!victim>",
        b"RCPT TO:<victim@[192.0.2.1]>",
        b"RSET",
    ),
    "odd ways to write an address": _after(
        b"MAIL FROM: a@b.example",
        b"RSET",
        b"MAIL FROM a@b.example",
        b"MAIL FROM:a@b.example>",
        b"RSET",
        b"MAIL TO:<a@b.example>",
        b"mail from:<a@b.example>",
        b"RCPT FROM:<c@d.example>",
        b"RCPT TO:",
        b"RCPT TO:<>",
        b"RCPT TO:<a b@c.example>",
        b"RCPT TO:<.a@c.example>",
        b"RCPT TO:<a..b@c.example>",
        b"RCPT TO:<a@c_d.example>",
        b"RCPT TO:<a@-c.example>",
        b"RCPT TO:<a@c>",
    ),
    "postmaster": _after(
        b"MAIL FROM:<postmaster>",
        b"RCPT TO:<postmaster>",
        b"RCPT TO:<Postmaster@" + _HOST + b">",
        b"RCPT TO:<root>",
        b"RSET",
    ),
    "shell in an address": _after(
        b"MAIL FROM:<;id;>",
        b"MAIL FROM:<${run{/bin/id}}@b.example>",
        b"RSET",
        b"MAIL FROM:<`id`@b.example>",
        b"RSET",
        b"MAIL FROM:<|id@b.example>",
        b"RCPT TO:<|/bin/id>",
        b'RCPT TO:<"|id"@d.example>',
        b"RCPT TO:</etc/passwd>",
    ),
    "SIZE of all kinds": _after(
        b"MAIL FROM:<a@b.example> SIZE=",
        b"MAIL FROM:<a@b.example> SIZE=abc",
        b"MAIL FROM:<a@b.example> SIZE=999999999",
        b"MAIL FROM:<a@b.example> SIZE=-1",
        b"MAIL FROM:<a@b.example> SIZE=10 SIZE=20",
        b"RSET",
        b"MAIL FROM:<a@b.example> size=5",
    ),
    "a greeting in all its forms": lines(
        b"EHLO",
        b"HELO",
        b"EHLO [127.0.0.1]",
        b"EHLO -",
        b"EHLO a_b",
        b"HELO a b c",
        b"EHLO 192.0.2.1",
        b"EHLO [IPv6:::1]",
        b"LHLO x",
        b"XCLIENT NAME=x",
        b"XFORWARD NAME=x",
        b"EHLO x..y",
        b"ehlo X",
    ),
    "commands with what they do not take": _after(
        b"DATA x",
        b"RSET x",
        b"QUIT x",
    ),
    "QUIT in a mail": _after(_FROM, _TO, b"DATA", b"QUIT", b".", b"QUIT"),
    "the client ends in a mail": (*_after(_FROM, _TO, b"DATA"), b"Subject: x\r\n", END),
    "STARTTLS with more": (
        *_after(b"STARTTLS x", b"STARTTLS"),
        TLS,
        *lines(b"STARTTLS", b"EHLO a.example", b"STARTTLS", _FROM, _TO, b"RSET"),
    ),
    "smuggling by CR LF dot LF": (
        *_after(_FROM, _TO, b"DATA"),
        b"a\r\n.\nMAIL FROM:<x@y.example>\r\n.\r\n",
        b"QUIT\r\n",
    ),
    "smuggling by LF dot CR LF": (
        *_after(_FROM, _TO, b"DATA"),
        b"a\n.\r\nMAIL FROM:<x@y.example>\r\n",
        b".\r\n",
        b"QUIT\r\n",
    ),
    "junk that a scanner of ports sends": (
        b"\r\n\r\n",
        b"\0\0\0\0\r\n",
        b"MGLNDD_192.0.2.1_25\n",
        b"version\r\n",
        b"\x16\3\1\0\5hello\r\n",
    ),
    "a browser": (b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nAccept: */*\r\n\r\n",),
    "SIP": (b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\n",),
    "DSN": _after(
        b"MAIL FROM:<a@b.example> RET=FULL ENVID=q",
        b"RCPT TO:<c@d.example> NOTIFY=DELAY",
        b"RCPT TO:<c@d.example> NOTIFY=",
        b"RCPT TO:<e@d.example> NOTIFY=NEVER ORCPT=rfc822;e@d.example",
        b"DATA",
        b"x\r\n.",
        b"QUIT",
    ),
    "ETRN and TURN": _after(
        b"ETRN", b"ETRN example.org", b"TURN", b"ATRN", b"SEND FROM:<a@b.example>", b"SAML FROM:<a@b.example>"
    ),
}

KIND = Kind(DIALOGUES, VARIES)
