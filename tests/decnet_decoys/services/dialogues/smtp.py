# SPDX-License-Identifier: MIT
"""What visitors say to a mail server: orders of commands, addresses, options, log-ins, mails."""

from __future__ import annotations

import base64
import re

from tests.decnet_decoys.services.dialogues.play import END, Kind, Step, lines
from tests.decnet_decoys.services.dialogues.real_servers import PASSWORD, USER

_NAME, _PASS = USER.encode(), PASSWORD.encode()


def _encoded(*parts: bytes) -> bytes:
    return base64.b64encode(b"\0".join(parts))


def _after(*each: bytes) -> tuple[Step, ...]:
    return lines(b"EHLO client.example", *each)


_MAIL = (b"MAIL FROM:<a@example.org>", b"RCPT TO:<b@example.net>")

DIALOGUES: dict[str, tuple[Step, ...]] = {
    "a greeting": (),
    "QUIT": lines(b"QUIT"),
    "EHLO": _after(b"QUIT"),
    "HELO": lines(b"HELO client.example", b"QUIT"),
    "no name": lines(b"HELO", b"EHLO", b"EHLO ", b"helo x y"),
    "names of odd shape": lines(b"EHLO [192.0.2.1]", b"EHLO a_b", b"EHLO .", b"HELO -", b"EHLO \xff\xfe"),
    "a mail": _after(*_MAIL, b"DATA", b"Subject: x\r\n\r\nhello\r\n.", b"QUIT"),
    "a mail without EHLO": lines(*_MAIL, b"DATA", b"hello\r\n."),
    "two mails": _after(*_MAIL, b"DATA", b"x\r\n.", *_MAIL, b"DATA", b"y\r\n.", b"QUIT"),
    "a mail at once": (b"EHLO c\r\n" + b"".join(line + b"\r\n" for line in (*_MAIL, b"DATA", b"x\r\n.", b"QUIT")),),
    "an empty mail": _after(*_MAIL, b"DATA", b"."),
    "dots": _after(*_MAIL, b"DATA", b"..\r\n.x\r\n."),
    "a mail whose lines end by LF": (*_after(*_MAIL, b"DATA"), b"x\n.\n", b"QUIT\r\n"),
    "the client ends within a mail": (*_after(*_MAIL, b"DATA"), b"x\r\n", END),
    "out of order": _after(
        b"RCPT TO:<a@b>", b"DATA", b"MAIL FROM:<a@b>", b"DATA", b"MAIL FROM:<c@d>", b"RSET", b"RCPT TO:<a@b>"
    ),
    "senders": _after(
        *(
            line
            for sender in (b"<>", b"a@b", b"<a>", b"<a@b", b"a b", b"<a@b>x", b"<@x:a@b>", b"<a@b@c>", b'<"a b"@c>')
            for line in (b"MAIL FROM:" + sender, b"RSET")
        )
    ),
    "MAIL that is none": _after(
        b"MAIL", b"MAIL FROM", b"MAIL FROM:", b"MAIL TO:<a@b>", b"MAIL FROM <a@b>", b"MAIL FROM: <a@b>"
    ),
    "options of MAIL": _after(
        b"MAIL FROM:<a@b> SIZE=100",
        b"RSET",
        b"MAIL FROM:<a@b> SIZE=99999999999",
        b"MAIL FROM:<a@b> SIZE=x",
        b"MAIL FROM:<a@b> BODY=8BITMIME",
        b"RSET",
        b"MAIL FROM:<a@b> BODY=x",
        b"MAIL FROM:<a@b> FOO=1",
        b"MAIL FROM:<a@b> RET=HDRS ENVID=x",
        b"RSET",
        b"MAIL FROM:<a@b> RET=x",
    ),
    "recipients": _after(
        b"MAIL FROM:<a@b>",
        *(
            b"RCPT TO:" + one
            for one in (
                b"<>",
                b"a@b",
                b"<a>",
                b"<postmaster>",
                b"<a@b@c>",
                b"<a%b@c>",
                b"<@x:a@b>",
                b"",
                b"<a@[127.0.0.1]>",
                b"<a@b> NOTIFY=NEVER",
                b"<a@b> NOTIFY=x",
                b"<a@b> FOO",
            )
        ),
    ),
    "RCPT that is none": _after(b"MAIL FROM:<a@b>", b"RCPT", b"RCPT TO", b"RCPT FROM:<a@b>", b"RCPT TO <a@b>"),
    "DATA with an argument": _after(*_MAIL, b"DATA x", b"RSET x", b"RSET"),
    "other commands": _after(
        b"NOOP",
        b"NOOP x",
        b"HELP",
        b"VRFY",
        b"VRFY root",
        b"VRFY <a@b>",
        b"EXPN x",
        b"ETRN",
        b"ETRN example.org",
        b"XCLIENT NAME=x",
        b"XFORWARD NAME=x",
        b"TURN",
    ),
    "ETRN before EHLO": lines(b"ETRN example.org", b"VRFY root", b"NOOP", b"RSET", b"AUTH PLAIN", b"BDAT 1"),
    "unknown commands": lines(b"FOO", b"", b" ", b"foo bar", b"A" * 100, b"DATA:x", b"Subject: x", b"123"),
    "lower case": lines(b"ehlo x", b"mail from:<a@b>", b"rcpt to:<c@d>", b"quit x"),
    "lines ended by LF": (b"EHLO x\nNOOP\nQUIT\n",),
    "too many errors": (b"FOO\r\n" * 22,),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "a proxy's CONNECT": (b"CONNECT x:80 HTTP/1.0\r\n\r\n",),
    "POST": (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "a TLS hello": (b"\x16\x03\x01\0\x0a\x01\0\0\x06\x03\x03" + bytes(20) + b"\r\n",),
    "SSH": (b"SSH-2.0-Go\r\n",),
    "garbage": (bytes(range(128, 256)) + b"\r\n",),
    "a letter, then garbage": (b"A" + bytes(range(128, 256)) + b"\r\n", b"NO\0OP\r\n"),
    "a line of 3000 bytes": (b"EHLO " + b"a" * 3000 + b"\r\n", b"NOOP\r\n"),
    "a line of 5000 bytes": (b"A" * 5000 + b"\r\n", b"QUIT\r\n"),
    "the client ends": (END,),
    "the client ends within a command": (b"NOOP", END),
    "STARTTLS with an argument": _after(b"STARTTLS x", b"STARTTLS", b"NOOP"),
    "STARTTLS, then more at once": (b"EHLO x\r\n", b"STARTTLS\r\nNOOP\r\n"),
    "AUTH PLAIN": _after(b"AUTH PLAIN " + _encoded(b"", _NAME, _PASS), b"AUTH PLAIN x", b"MAIL FROM:<a@b> AUTH=<>"),
    "AUTH PLAIN, asked": _after(b"AUTH PLAIN", _encoded(b"", _NAME, _PASS)),
    "AUTH LOGIN": _after(b"AUTH LOGIN", base64.b64encode(_NAME), base64.b64encode(_PASS), b"NOOP"),
    "AUTH LOGIN with a name": _after(b"AUTH LOGIN " + base64.b64encode(_NAME), base64.b64encode(_PASS)),
    "a wrong password": _after(
        b"AUTH PLAIN " + _encoded(b"", _NAME, b"x"),
        b"AUTH LOGIN",
        base64.b64encode(_NAME),
        base64.b64encode(b"x"),
        b"NOOP",
    ),
    "AUTH that is none": _after(
        b"AUTH",
        b"AUTH FOO",
        b"AUTH CRAM-MD5",
        b"AUTH PLAIN !!!",
        b"AUTH PLAIN =",
        b"AUTH PLAIN a b",
        b"AUTH LOGIN",
        b"!!!",
        b"AUTH LOGIN",
        b"*",
    ),
    "AUTH within a mail": _after(b"MAIL FROM:<a@b>", b"AUTH PLAIN " + _encoded(b"", _NAME, _PASS)),
    "AUTH after HELO": lines(b"HELO x", b"AUTH PLAIN " + _encoded(b"", _NAME, _PASS)),
    "BDAT": (*_after(*_MAIL), b"BDAT 5\r\nhello", b"BDAT 2 LAST\r\n\r\n", b"QUIT\r\n"),
    "BDAT that is none": _after(*_MAIL, b"BDAT", b"BDAT x"),
    "BDAT, then DATA": (*_after(*_MAIL), b"BDAT 2\r\nhi", b"DATA\r\n", b"RCPT TO:<a@b>\r\n", b"RSET\r\n"),
}

VARIES = (
    (re.compile(rb"queued as [0-9A-Za-z]+"), b"queued as ID"),
    (re.compile(rb"[0-9A-Z]{9,14}(?= )"), b"ID"),
)

KIND = Kind(DIALOGUES, VARIES)
