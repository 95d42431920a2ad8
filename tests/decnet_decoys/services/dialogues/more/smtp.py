# SPDX-License-Identifier: MIT
"""What scanners, spammers and intruders send to a mail server: a second set, written before the service was read."""

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


def _mailed(*each: bytes) -> tuple[Step, ...]:
    """Return steps after a sender and a recipient."""
    return _after(b"MAIL FROM:<a@example.org>", b"RCPT TO:<b@example.net>", *each)


DIALOGUES: dict[str, tuple[Step, ...]] = {
    # scanners
    "nmap smtp-commands": lines(b"EHLO nmap.scanme.org", b"HELP", b"QUIT"),
    "nmap smtp-open-relay": lines(
        b"EHLO nmap.scanme.org", b"MAIL FROM:<antispam@nmap.scanme.org>", b"RCPT TO:<relaytest@nmap.scanme.org>",
            b"RSET",
        b"MAIL FROM:<>", b"RCPT TO:<relaytest@nmap.scanme.org>", b"RSET",
        b"MAIL FROM:<antispam@[127.0.0.1]>", b'RCPT TO:<"relaytest@nmap.scanme.org">', b"RSET",
        b"MAIL FROM:<antispam@" + _HOST + b">", b'RCPT TO:<"relaytest%nmap.scanme.org">', b"RSET",
        b"MAIL FROM:<antispam@x.org>", b"RCPT TO:<relaytest%nmap.scanme.org@[127.0.0.1]>", b"RSET",
        b"MAIL FROM:<antispam@x.org>", b'RCPT TO:<"relaytest@nmap.scanme.org"@[127.0.0.1]>', b"RSET",
        b"MAIL FROM:<antispam@x.org>", b"RCPT TO:<@[127.0.0.1]:relaytest@nmap.scanme.org>", b"RSET",
        b"MAIL FROM:<antispam@x.org>", b"RCPT TO:<nmap.scanme.org!relaytest>", b"RSET",
        b"MAIL FROM:<antispam@x.org>", b"RCPT TO:<nmap.scanme.org!relaytest@[127.0.0.1]>",
    ),
    "nmap smtp-enum-users": lines(
        b"EHLO nmap.scanme.org", b"VRFY root", b"EXPN root", b"MAIL FROM:<usertest@nmap.scanme.org>",
        b"RCPT TO:<root@nmap.scanme.org>", b"RCPT TO:<admin>",
    ),
    "nmap smtp-ntlm-info": lines(b"EHLO x", b"AUTH NTLM", b"TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=="),
    "nmap smtp-vuln-cve2011-1764": lines(b"EHLO nmap.org", b'MAIL FROM:<"${run{/bin/true}}"@a.b>',
        b"RCPT TO:<postmaster@x.y>", b"QUIT"),
    "nmap Hello": (b"EHLO\r\n",),
    "nmap Help": (b"HELP\r\n",),
    "nmap GenericLines": (b"\r\n\r\n",),
    "nmap RTSP": (b"OPTIONS / RTSP/1.0\r\n\r\n",),
    "nmap SIP": (b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\n\r\n",),
    "nmap DNS": (b"\0\x1e\0\x06\x01\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03\r\n",),
    "nmap LDAP": (b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x02\x04\0\x80\0\r\n",),
    "nmap X11": (b"l\0\x0b\0\0\0\0\0\0\0\0\0\r\n",),
    "zgrab": lines(b"EHLO localhost", b"STARTTLS"),
    "Shodan": lines(b"EHLO shodan.io", b"HELP", b"QUIT"),
    "Censys": lines(b"EHLO scan.censys.example", b"QUIT"),
    "a bot's HELO": lines(b"HELO ylmf-pc", b"AUTH LOGIN"),
    "an RDP cookie": (b"\x03\0\0/*\xe0\0\0\0\0\0Cookie: mstshash=Administr\r\n\x01\0\x08\0\x03\0\0\0",),
    "SSLv2": (b"\x80\x2e\x01\0\x02\0\x15\0\0\0\x10\x01\0\x80\x02\0\x80\x03\0\x80\r\n",),
    "PUT": (b"PUT / HTTP/1.0\r\n\r\n",),
    "HEAD": (b"HEAD / HTTP/1.0\r\n\r\n",),
    "get in lower case": (b"get / http/1.0\r\n\r\n",),
    # brute force
    "hydra": (*_after(b"AUTH LOGIN", _b64(b"admin"), _b64(b"admin"), b"AUTH LOGIN", _b64(b"admin"), _b64(b"1234")),),
    "hydra PLAIN": _after(b"AUTH PLAIN", _b64(b"", b"admin", b"admin"), b"AUTH PLAIN", _b64(b"", b"root", b"root")),
    "medusa": _after(b"AUTH LOGIN " + _b64(b"root"), _b64(b"toor"), b"QUIT"),
    "PLAIN with another's name": _after(b"AUTH PLAIN " + _b64(b"root", _NAME, _PASS), b"NOOP"),
    "PLAIN with few parts": _after(
        b"AUTH PLAIN " + _b64(_NAME), b"AUTH PLAIN " + _b64(_NAME, _PASS), b"AUTH PLAIN " + _b64(b"", b"", b"")
    ),
    "an unknown account": _after(b"AUTH PLAIN " + _b64(b"", b"nobody-here", b"x"), b"AUTH LOGIN", _b64(b"nobody"),
        _b64(b"y")),
    "an address for an account": _after(b"AUTH PLAIN " + _b64(b"", _NAME + b"@" + _HOST, _PASS)),
    "LOGIN with nothing": _after(b"AUTH LOGIN", b"", b"", b"NOOP"),
    "LOGIN given up": _after(b"AUTH LOGIN", _b64(b"a"), b"*", b"AUTH PLAIN", b"*", b"NOOP"),
    "LOGIN with equals signs": _after(b"AUTH LOGIN =", b"AUTH LOGIN", b"=", b"AUTH LOGIN ===="),
    "a log-in twice": _after(b"AUTH PLAIN " + _b64(b"", _NAME, _PASS), b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"RSET", b"AUTH LOGIN"),
    "a log-in, then EHLO": _after(b"AUTH PLAIN " + _b64(b"", _NAME, _PASS), b"EHLO x", b"AUTH PLAIN x"),
    "lower-case mechanisms": _after(b"auth plain " + _b64(b"", _NAME, _PASS)),
    "lower-case login": _after(b"AUTH login", _b64(_NAME), _b64(_PASS)),
    "other mechanisms": _after(b"AUTH DIGEST-MD5", b"AUTH XOAUTH2 x", b"AUTH GSSAPI", b"AUTH SCRAM-SHA-1",
        b"AUTH EXTERNAL =", b"AUTH ANONYMOUS"),
    "AUTH=": _after(b"AUTH=LOGIN", b"AUTH =LOGIN", b"AUTH", b"AUTH LOGIN x y", b"AUTH  PLAIN"),
    "a log-in before EHLO": lines(b"AUTH LOGIN", _b64(_NAME)),
    "a long answer to AUTH": (*_after(b"AUTH LOGIN"), b"A" * 1500 + b"\r\n", b"A" * 13000 + b"\r\n"),
    "many wrong passwords": _after(*(b"AUTH PLAIN " + _b64(b"", b"a", b"b"),) * 22),
    # mails and relays
    "a spammer's opening": lines(
        b"EHLO WIN-CLJ1B0GQ6JP", b"MAIL FROM:<spameri@tiscali.it>", b"RCPT TO:<spameri@tiscali.it>", b"DATA",
        b"Subject: 203.0.113.7\r\nTo: spameri@tiscali.it\r\n\r\nt_Smtp.LocalIP\r\n.", b"QUIT",
    ),
    "pipelined": (
        b"EHLO c\r\n", b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nRCPT TO:<g@h.i>\r\nDATA\r\n", b"x\r\n.\r\nQUIT\r\n",
    ),
    "pipelined without RCPT": (b"EHLO c\r\n", b"MAIL FROM:<a@b.c>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"),
    "many recipients": _after(b"MAIL FROM:<a@b.c>", *(b"RCPT TO:<r%d@example.net>" % n for n in range(12)), b"DATA",
        b"x\r\n."),
    "smuggling by LF": (*_mailed(b"DATA"), b"x\r\n\n.\nMAIL FROM:<c@d.e>\r\nRCPT TO:<f@g.h>\r\nDATA\r\ny\r\n.\r\n",
        b"NOOP\r\n"),
    "smuggling by CR": (*_mailed(b"DATA"), b"x\r\n.\rMAIL FROM:<c@d.e>\r\n\r.\r\n", b".\r\n", b"NOOP\r\n"),
    "smuggling by LF CRLF": (*_mailed(b"DATA"), b"x\n.\r\nMAIL FROM:<c@d.e>\r\n", b".\r\n", b"NOOP\r\n"),
    "a body with NUL": (*_mailed(b"DATA"), b"a\0b\xff\r\n.\r\n"),
    "a body with a long line": (*_mailed(b"DATA"), b"x" * 9000 + b"\r\n.\r\n"),
    "a body in pieces": (*_mailed(b"DATA"), b"a", b"b\r", b"\n", b".", b"\r", b"\n"),
    "headers only": _mailed(b"DATA", b"From: a\r\nTo: b\r\n."),
    "a bounce": _after(b"MAIL FROM:<>", b"RCPT TO:<b@example.net>", b"DATA", b"x\r\n."),
    "shellshock": lines(
        b"HELO () { :;};/bin/bash -c 'id'", b"MAIL FROM:<() { :; }; id>", b"MAIL FROM:<() { :; };@x.org>",
            b"RCPT TO:<x@y.z>",
    ),
    "Exim's string": _after(b"MAIL FROM:<a@b.c>", b"RCPT TO:<${run{\\x2Fbin\\x2Fsh\\t-c\\t\\x22id\\x22}}@localhost>"),
    "OpenSMTPD's": lines(b"HELO x", b"MAIL FROM:<;sleep 66;>",
        b"MAIL FROM:<;for i in 0 1 2 3;do read r;done;sh;exit 0;>"),
    "a pipe for a recipient": _after(b"MAIL FROM:<|id@x.y>", b"RCPT TO:<|id@x.y>", b'RCPT TO:<"|id"@x.y>',
        b"RCPT TO:<|id>", b"RCPT TO:</etc/passwd>"),
    "local recipients": _after(b"MAIL FROM:<a@b.c>", b"RCPT TO:<root>", b"RCPT TO:<root@localhost>",
        b"RCPT TO:<root@" + _HOST + b">", b"RCPT TO:<nobody-here@" + _HOST + b">"),
    "Windows' debris": _after(b"MAIL From: a@b.c", b"RCPT To: d@e.f", b"RSET", b"MAIL FROM:a@b.c", b"RCPT TO:d@e.f"),
    "names in front": _after(b"MAIL FROM:Joe <a@b.c>", b'MAIL FROM:"Joe" <a@b.c>', b"MAIL FROM:<a@b.c> Joe",
        b"MAIL FROM:(x)<a@b.c>"),
    "quoted addresses": _after(b'MAIL FROM:<"a"@b.c>', b'RCPT TO:<"x y"@z.w>', b'RCPT TO:<"a\\"b"@z.w>',
        b'RCPT TO:<"a@z.w>', b"RCPT TO:<a\\b@z.w>", b"RCPT TO:<a b@z.w>"),
    "odd addresses": _after(b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@>", b"RCPT TO:<@b.c>", b"RCPT TO:<a..b@c.d>",
        b"RCPT TO:<.a@c.d>", b"RCPT TO:<a@c..d>", b"RCPT TO:<a@-c.d>", b"RCPT TO:<a@c.d.>", b"RCPT TO:<a@[1.2.3]>",
        b"RCPT TO:<a@1.2.3.4>", b"RCPT TO:<a@[IPv6:::1]>", b"RCPT TO:<a,b@c.d>", b"RCPT TO:<a;b@c.d>"),
    "many angle brackets": _after(b"MAIL FROM:<<a@b.c>>", b"MAIL FROM:<a@b.c>>", b"MAIL FROM:<a@b.c",
        b"MAIL FROM:a@b.c>", b"MAIL FROM:< a@b.c >", b"MAIL FROM: <>", b"RCPT TO:<>"),
    "a long address": _after(b"MAIL FROM:<" + b"a" * 300 + b"@b.c>", b"RSET", b"MAIL FROM:<a@" + b"b" * 300 + b".c>",
        b"MAIL FROM:<" + b"a" * 1100 + b"@b.c>"),
    "SMTPUTF8": _after(b"MAIL FROM:<\xc3\xa4@b.c> SMTPUTF8", b"RCPT TO:<\xc3\xb6@d.e>", b"RSET",
        b"MAIL FROM:<\xc3\xa4@b.c>", b"MAIL FROM:<a@b.c> SMTPUTF8=x", b"VRFY \xc3\xa4", b"VRFY a SMTPUTF8"),
    "SIZE": _after(b"MAIL FROM:<a@b.c> SIZE=10240000", b"RSET", b"MAIL FROM:<a@b.c> SIZE=10240001",
        b"MAIL FROM:<a@b.c> SIZE=", b"MAIL FROM:<a@b.c> SIZE", b"MAIL FROM:<a@b.c> SIZE=-1",
        b"MAIL FROM:<a@b.c> size=5"),
    "BODY": _after(b"MAIL FROM:<a@b.c> BODY=7BIT", b"RSET", b"MAIL FROM:<a@b.c> BODY=BINARYMIME",
        b"MAIL FROM:<a@b.c> body=8bitmime SIZE=3", b"RSET", b"MAIL FROM:<a@b.c> BODY"),
    "DSN": _after(b"MAIL FROM:<a@b.c> RET=FULL ENVID=a+3Db",
        b"RCPT TO:<d@e.f> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;d@e.f", b"RCPT TO:<d@e.f> NOTIFY=NEVER,SUCCESS",
        b"RCPT TO:<d@e.f> ORCPT=x", b"RCPT TO:<d@e.f> ORCPT=rfc822;",
        b"RCPT TO:<d@e.f> NOTIFY=SUCCESS NOTIFY=FAILURE", b"RCPT TO:<d@e.f> RET=FULL"),
    "DSN twice": _after(b"MAIL FROM:<a@b.c> RET=FULL RET=HDRS", b"MAIL FROM:<a@b.c> ENVID=a ENVID=b",
        b"MAIL FROM:<a@b.c> ENVID=+x", b"MAIL FROM:<a@b.c> ENVID="),
    "AUTH of MAIL": _after(b"MAIL FROM:<a@b.c> AUTH=x", b"RSET", b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"MAIL FROM:<a@b.c> AUTH=x", b"RSET", b"MAIL FROM:<a@b.c> AUTH=+Q"),
    "unknown options": _after(b"MAIL FROM:<a@b.c> FOO", b"MAIL FROM:<a@b.c> REQUIRETLS", b"MAIL FROM:<a@b.c> BY=1;R",
        b"MAIL FROM:<a@b.c> XFOO=1", b"MAIL FROM:<a@b.c> x y z"),
    "BDAT at once": (*_mailed(), b"BDAT 3 LAST\r\nhi\n", b"QUIT\r\n"),
    "BDAT of nothing": _mailed(b"BDAT 0 LAST", b"NOOP"),
    "BDAT pipelined": (*_mailed(), b"BDAT 2\r\nhiBDAT 2 LAST\r\n\r\nQUIT\r\n"),
    "BDAT out of order": (*_after(), b"BDAT 3 LAST\r\nabc", b"NOOP\r\n", b"MAIL FROM:<a@b.c>\r\n",
        b"BDAT 3 LAST\r\nabc", b"NOOP\r\n"),
    "BDAT's arguments": _mailed(b"BDAT -1", b"BDAT 1 2", b"BDAT 1 LAST x", b"BDAT 0 FOO", b"BDAT 99999999999999999999"),
    "BDAT too large": _mailed(b"BDAT 20000000 LAST"),
    "BDAT within, RSET": (*_mailed(), b"BDAT 2\r\nhi", b"RSET\r\n", b"MAIL FROM:<a@b.c>\r\n", b"RCPT TO:<a@b.c>\r\n",
        b"BDAT 2 LAST\r\nhi"),
    # commands
    "VRFY": lines(b"VRFY root", b"VRFY", b"VRFY root@localhost", b"VRFY <root>", b"VRFY nobody-here", b"VRFY a b",
        b"VRFY a@b.c"),
    "VRFY after EHLO": _after(b"VRFY admin", b"VRFY <nobody-here@" + _HOST + b">", b"VRFY <>", b"VRFY !",
        b"vrfy x@y.z"),
    "EXPN": _after(b"EXPN", b"EXPN root", b"expn staff"),
    "ETRN": _after(b"ETRN", b"ETRN a b", b"ETRN @x", b"ETRN #x", b"ETRN localhost", b"ETRN [1.2.3.4]", b"ETRN -x"),
    "HELP": lines(b"HELP", b"HELP MAIL", b"help", b"?"),
    "NOOP's arguments": _after(b"NOOP", b"NOOP a b c", b"noop", b"NOOP " + b"x" * 600, b"RSET", b"RSET x", b"QUIT x"),
    "old verbs": _after(b"SEND FROM:<a@b>", b"SOML FROM:<a@b>", b"SAML FROM:<a@b>", b"TURN", b"WIZ", b"DEBUG",
        b"ATRN x", b"ONEX", b"VERB", b"LHLO x"),
    "Exchange's verbs": _after(b"X-EXPS LOGIN", b"XEXCH50 2 2", b"X-LINK2STATE x", b"XCLIENT ADDR=1.2.3.4",
        b"XFORWARD ADDR=1.2.3.4"),
    "spaces in front": lines(b" EHLO x", b"  NOOP", b"\tNOOP", b"NOOP  ", b"NOOP\t", b"MAIL  FROM:<a@b.c>",
        b"RCPT\tTO:<d@e.f>"),
    "MAIL twice": _after(b"MAIL FROM:<a@b.c>", b"MAIL FROM:<a@b.c>", b"EHLO x", b"MAIL FROM:<d@e.f>", b"HELO x",
        b"RCPT TO:<a@b.c>"),
    "DATA too early": lines(b"DATA", b"RCPT TO:<a@b.c>", b"EHLO x", b"DATA", b"RCPT TO:<a@b.c>", b"MAIL FROM:<a@b.c>",
        b"DATA"),
    "names of EHLO": lines(b"EHLO 1.2.3.4", b"EHLO [1.2.3.4]", b"EHLO [::1]", b"EHLO a b", b"HELO " + b"x" * 300,
        b"EHLO <script>", b"HELO localhost", b"ehlo"),
    "EHLO, HELO": lines(b"EHLO x", b"HELO y", b"EHLO z", b"MAIL FROM:<a@b.c> SIZE=5"),
    "options after HELO": lines(b"HELO x", b"MAIL FROM:<a@b.c> SIZE=5", b"RSET", b"MAIL FROM:<a@b.c> BODY=8BITMIME",
        b"STARTTLS x", b"ETRN x.y"),
    "a mail's headers as commands": lines(b"From: a@b.c", b"To: x", b"Subject: x", b"Received: from x",
        b"Message-ID: <x>", b"Date: x"),
    "junk after errors": _after(*(b"FOO",) * 10, b"NOOP", *(b"BAR",) * 12),
    "junk commands": (*_after(), b"NOOP\r\n" * 110),
    "NUL in a command": lines(b"EHLO a\0b", b"MAIL FROM:<a\0@b.c>", b"NOOP\0"),
    "CR alone": (b"EHLO x\rNOOP\r\n", b"NOOP\r", b"\n"),
    "half commands": (b"EH", b"LO x\r\nNO", b"OP\r\nQU", b"IT\r\n"),
    "a line of 2048 bytes": (b"NOOP " + b"x" * 2043 + b"\r\n", b"NOOP\r\n"),
    "a line without an end": (b"x" * 10000,),
    "the client ends after MAIL": (*_after(b"MAIL FROM:<a@b.c>"), END),
    "the client ends within AUTH": (*_after(b"AUTH LOGIN"), END),
    # TLS
    "TLS": (*_after(b"STARTTLS"), TLS, *lines(b"EHLO x", b"STARTTLS", b"AUTH PLAIN " + _b64(b"", _NAME, _PASS),
        b"MAIL FROM:<a@b.c>", b"RCPT TO:<d@e.f>", b"DATA", b"x\r\n.", b"QUIT")),
    "TLS, and no EHLO": (*_after(b"MAIL FROM:<a@b.c>", b"STARTTLS"), TLS, *lines(b"MAIL FROM:<a@b.c>", b"RSET",
        b"AUTH LOGIN", b"HELO x", b"NOOP")),
    "STARTTLS before EHLO": (*lines(b"STARTTLS"), TLS, *lines(b"NOOP", b"EHLO x")),
    "STARTTLS's case": (*_after(b"starttls"), TLS, *lines(b"QUIT")),
    "STARTTLS, then plain text": (*_after(b"STARTTLS"), b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n"),
}  # fmt: skip

KIND = Kind(DIALOGUES, VARIES)
