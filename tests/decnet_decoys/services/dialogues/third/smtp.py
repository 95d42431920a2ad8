# SPDX-License-Identifier: MIT
"""What mail programs, spammers and exploits say to a mail server: a third set, written before the service was read."""

from __future__ import annotations

import base64

from tests.decnet_decoys.services.dialogues.play import TLS, Kind, Step, lines
from tests.decnet_decoys.services.dialogues.real_servers import HOST, PASSWORD, USER
from tests.decnet_decoys.services.dialogues.smtp import VARIES

_NAME, _PASS, _HOST = USER.encode(), PASSWORD.encode(), HOST.encode()


def _b64(*parts: bytes) -> bytes:
    return base64.b64encode(b"\0".join(parts))


def _after(*each: bytes) -> tuple[Step, ...]:
    return lines(b"EHLO client.example", *each)


DIALOGUES: dict[str, tuple[Step, ...]] = {
    "Python's smtplib": lines(
        b"ehlo [127.0.1.1]",
        b"mail FROM:<a@example.org> size=120",
        b"rcpt TO:<b@example.net>",
        b"data",
        b"From: a\r\nTo: b\r\n\r\nx\r\n.",
        b"rset",
        b"quit",
    ),
    "swaks": lines(
        b"EHLO box.example",
        b"MAIL FROM:<root@box.example>",
        b"RCPT TO:<u@example.net>",
        b"DATA",
        b"Date: x\r\nTo: u\r\nSubject: test\r\n\r\nThis is a test mailing\r\n\r\n.",
        b"QUIT",
    ),
    "Outlook": _after(
        b"AUTH LOGIN",
        _b64(_NAME),
        _b64(b"wrong"),
        b"AUTH LOGIN",
        _b64(_NAME),
        _b64(_PASS),
        b"MAIL FROM: <a@b.example>",
        b"RCPT TO: <c@d.example>",
        b"RSET",
        b"QUIT",
    ),
    "Thunderbird": (
        *_after(b"STARTTLS"),
        TLS,
        *lines(
            b"EHLO [192.0.2.5]",
            b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
            b"MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=400",
            b"RCPT TO:<c@d.example>",
            b"DATA",
            "Subject: ä\r\n\r\nö\r\n.".encode(),
            b"QUIT",
        ),
    ),
    "sendmail's extensions": _after(
        b"MAIL FROM:<a@b.example> SIZE=10 RET=HDRS ENVID=x1",
        b"RCPT TO:<c@d.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d.example",
        b"RCPT TO:<e@f.example> NOTIFY=NEVER,SUCCESS",
        b"RCPT TO:<e@f.example> ORCPT=x",
        b"RCPT TO:<e@f.example> FOO=1",
        b"DATA",
        b"x\r\n.",
        b"MAIL FROM:<a@b.example> RET=X",
        b"MAIL FROM:<a@b.example> SMTPUTF8",
        b"QUIT",
    ),
    "pipelined": (
        b"EHLO x.example\r\n",
        b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@f.example>\r\nDATA\r\n",
        b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n",
    ),
    "pipelined, all at once": (
        b"EHLO x.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\nMAIL FROM:<g@h.example>\r\nRCPT TO:<>\r\nDATA\r\nQUIT\r\n",  # noqa: E501
    ),
    "a bot that guesses": (
        *lines(
            b"EHLO User",
            b"AUTH LOGIN",
            _b64(b"admin"),
            _b64(b"admin"),
            b"RSET",
            b"AUTH LOGIN",
            _b64(b"info"),
            _b64(b"123456"),
            b"AUTH PLAIN " + _b64(b"", b"test", b"test"),
            b"QUIT",
        ),
    ),
    "names guessed by VRFY": _after(
        b"VRFY root",
        b"VRFY admin@" + _HOST,
        b"VRFY <postmaster>",
        b"EXPN root",
        b"EXPN",
        b"VRFY",
        b"VRFY nobody@elsewhere.example",
    ),
    "names guessed by RCPT": _after(
        b"MAIL FROM:<>",
        b"RCPT TO:<root@" + _HOST + b">",
        b"RCPT TO:<postmaster>",
        b"RCPT TO:<admin>",
        b"RCPT TO:root@localhost",
        b'RCPT TO:<"a b"@' + _HOST + b">",
        b"RCPT TO:<a@" + _HOST + b"",
        b"RCPT TO:<@" + _HOST + b":c@d.example>",
    ),
    "Shellshock": _after(
        b"MAIL FROM:<() { :; }; /bin/touch /tmp/x@b.example>",
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<() { :; }; echo x>",
        b"RCPT TO:<a@b.example> () { :;};",
        b"DATA",
    ),
    "OpenSMTPD's hole": lines(
        b"HELO x",
        b"MAIL FROM:<;for i in 0 1 2 3;do read r;done;sh;exit 0;>",
        b"RCPT TO:<root>",
        b"DATA",
        b"\r\nid\r\n.",
        b"QUIT",
    ),
    "Exim's hole": lines(
        b"EHLO x",
        b"MAIL FROM:<>",
        b"RCPT TO:<${run{\\x2Fbin\\x2Fsh\\t-c\\t\\x22id\\x22}}@localhost>",
        b"RCPT TO:<${run{x}}@localhost>",
        b"DATA",
        b"Received: 1\r\n\r\n.",
        b"QUIT",
    ),
    "smuggling": (
        *_after(b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA"),
        b"x\n.\r\nMAIL FROM:<e@f.example>\r\nRCPT TO:<g@h.example>\r\nDATA\r\ny\r\n.\r\n",
        b"QUIT\r\n",
    ),
    "smuggling by LF": (
        *_after(b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA"),
        b"x\r\n.\nNOOP\n\r\n.\r\n",
        b"QUIT\r\n",
    ),
    "smuggling by CR": (
        *_after(b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA"),
        b"x\r.\rNOOP\r\r\n.\r\n",
        b"QUIT\r\n",
    ),
    "a mail of some size": (
        *_after(b"MAIL FROM:<a@b.example> SIZE=20000", b"RCPT TO:<c@d.example>", b"DATA"),
        b"Subject: x\r\n\r\n" + b"0123456789abcdef" * 2 + b"\r\n" + b"y" * 15000 + b"\r\n.\r\n",
        b"QUIT\r\n",
    ),
    "chunks": (
        *_after(b"MAIL FROM:<a@b.example> BODY=8BITMIME", b"RCPT TO:<c@d.example>"),
        b"BDAT 10\r\nSubject: x",
        b"BDAT 0\r\n",
        b"BDAT 4 LAST\r\n\r\n\r\n",
        b"BDAT 0 LAST\r\n",
        b"QUIT\r\n",
    ),
    "chunks out of order": (
        *_after(),
        b"BDAT 3\r\nabc",
        *lines(b"MAIL FROM:<a@b.example>"),
        b"BDAT 3 LAST\r\nabc",
        *lines(b"RCPT TO:<c@d.example>"),
        b"BDAT 3 FOO\r\nabc",
        b"BDAT -1\r\n",
        b"BDAT 99999999999999999999\r\n",
    ),
    "TLS, then the end": (
        *_after(b"STARTTLS"),
        TLS,
        *lines(b"EHLO x", b"EHLO y", b"HELP", b"VRFY x", b"FOO", b"STARTTLS", b"RSET"),
    ),
    "AUTH in pieces": _after(
        b"AUTH PLAIN =",
        b"AUTH PLAIN",
        b"",
        b"AUTH LOGIN",
        b"",
        b"",
        b"AUTH LOGIN =",
        _b64(b"x"),
        b"AUTH PLAIN",
        b"*",
        b"NOOP",
    ),
    "AUTH twice": _after(
        b"AUTH PLAIN " + _b64(_NAME, _NAME, _PASS),
        b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"EHLO y",
        b"AUTH LOGIN",
    ),
    "many recipients": _after(
        b"MAIL FROM:<a@b.example>", *(b"RCPT TO:<u%d@d.example>" % n for n in range(30)), b"DATA", b"x\r\n.", b"QUIT"
    ),
    "addresses of odd shape": _after(
        *(
            line
            for address in (
                b"<a@[192.0.2.1]>",
                b"<a@[IPv6:::1]>",
                b"<a..b@c.example>",
                b"<.a@c.example>",
                b"<a@c..example>",
                b"<a@-c.example>",
                b"<a@c.example.>",
                "<ä@c.example>".encode(),
                b"<a b@c.example>",
                b"<<a@c.example>>",
                b"<a@c.example",
                b"a@c.example>",
            )
            for line in (b"MAIL FROM:" + address, b"RSET")
        )
    ),
    "HTTP through SMTP": (b"CONNECT x.example:25 HTTP/1.0\r\n\r\n",),
    "PROXY": lines(b"PROXY TCP4 192.0.2.1 192.0.2.2 5 6", b"EHLO x", b"NOOP"),
}

KIND = Kind(DIALOGUES, VARIES)
