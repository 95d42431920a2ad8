# SPDX-License-Identifier: MIT
"""What scanners, spammers and exploits of today send to a mail server: a sixth set, written before."""

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
    "nmap": lines(b"EHLO nmap.scanme.org", b"HELP", b"QUIT"),
    "an open relay's test": _after(
        b"MAIL FROM:<spam@b.example>",
        b"RCPT TO:<relaytest%d.example@b.example>",
        b"RSET",
        b"MAIL FROM:<>",
        b'RCPT TO:<"c@d.example">',
        b"RCPT TO:<c@d.example@e.example>",
        b"RCPT TO:<@e.example:c@d.example>",
        b"QUIT",
    ),
    "hydra by PLAIN": _after(
        b"AUTH PLAIN " + _b64(b"", b"admin", b"admin"), b"AUTH PLAIN " + _b64(b"", b"root", b"toor"), b"QUIT"
    ),
    "AUTH that is broken": _after(
        b"AUTH",
        b"AUTH NTLM",
        b"AUTH CRAM-MD5",
        b"AUTH PLAIN =",
        b"AUTH PLAIN !!!",
        b"AUTH LOGIN",
        b"*",
        b"AUTH LOGIN " + _b64(b"a"),
        b"%%",
        b"QUIT",
    ),
    "a known account": _after(
        b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<c@d.example>",
        b"RSET",
        b"QUIT",
    ),
    "enumeration": _after(
        b"VRFY root",
        b"VRFY nope-h",
        b"EXPN root",
        b"EXPN",
        b"VRFY",
        b"RCPT TO:<root>",
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<nope-h>",
        b"RCPT TO:root",
        b"QUIT",
    ),
    "out of order": lines(
        b"MAIL FROM:<a@b.example>",
        b"RCPT TO:<c@d.example>",
        b"DATA",
        b"HELO",
        b"EHLO",
        b"HELO x y",
        b"DATA",
        b"RSET x",
        b"NOOP x",
        b"QUIT x",
    ),
    "sizes": _after(
        b"MAIL FROM:<a@b.example> SIZE=99999999999",
        b"MAIL FROM:<a@b.example> SIZE=10",
        b"MAIL FROM:<b@b.example>",
        b"RSET",
        b"MAIL FROM:<a@b.example> BODY=8BITMIME",
        b"RSET",
        b"MAIL FROM:<a@b.example> BODY=NOPE",
        b"MAIL FROM:<a@b.example> NOPE=1",
        b"MAIL FROM:<a@b.example> AUTH=<>",
    ),
    "addresses": _after(
        b"MAIL FROM:a@b.example",
        b"RSET",
        b"MAIL FROM: <a@b.example>",
        b"RSET",
        b"MAIL FROM:<a b@c.example>",
        b"MAIL FROM:<a@b.example",
        b"MAIL",
        b"MAIL FROM",
        b"MAIL TO:<a@b.example>",
        b"MAIL FROM:<a@[192.0.2.1]>",
        b"RSET",
        b"MAIL FROM:<a@-b>",
        b"MAIL FROM:<a@b..c>",
    ),
    "chunks": _after(b"MAIL FROM:<a@b.example>", b"BDAT", b"BDAT x", b"BDAT 0 LAST", b"RSET", b"QUIT"),
    "STARTTLS twice": (*lines(b"EHLO a", b"STARTTLS"), TLS, *lines(b"STARTTLS", b"EHLO a", b"STARTTLS", b"QUIT")),
    "STARTTLS with words": lines(b"STARTTLS", b"EHLO a", b"STARTTLS x", b"QUIT"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",),
    "CONNECT": (b"CONNECT 192.0.2.1:25 HTTP/1.0\r\n\r\n",),
    "POST": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nquit",),
    "a client that hurries": (b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRSET\r\nQUIT\r\n",),
    "only errors": lines(*[b"nope"] * 25),
    "long names": lines(
        b"EHLO " + b"a" * 600, b"HELO " + b"b." * 200, b"EHLO [192.0.2.1]", b"EHLO [x", b"EHLO a_b", b"EHLO *", b"QUIT"
    ),
    "a long line": _after(b"NOOP " + b"x" * 5000, b"QUIT"),
    "Exim's run": _after(
        b"MAIL FROM:<>",
        b"RCPT TO:<${run{\\x2fbin\\x2fsh}}@localhost>",
        b"RSET",
        b"RCPT TO:<root+${run{x}}@localhost>",
        b"QUIT",
    ),
    "smuggling": _after(
        b"MAIL FROM:<a@b.example> SMTPUTF8", b"RSET", b"XCLIENT ADDR=1.2.3.4", b"XFORWARD NAME=x", b"DATA\n", b"QUIT"
    ),
    "bare ends": (
        b"EHLO a\n",
        b"NOOP\n",
        b"QUIT\r",
    ),
    "half closed": (b"EHLO a\r\n", END),
}

KIND = Kind(DIALOGUES, VARIES)
