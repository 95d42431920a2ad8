# SPDX-License-Identifier: MIT
"""The parts of the SMTP decoy: what it answers beside what Postfix answered, and whatever a client may send."""

from __future__ import annotations

import base64
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_decoys.smtp.addresses import address_and_options, bad_notices, is_address, is_domain
from decnet_decoys.smtp.authentication import Credentials, Exchange
from decnet_decoys.smtp.commands import MOST_RECIPIENTS, Session, answer
from decnet_decoys.smtp.incoming import LONGEST_LINE, Incoming, MailText
from decnet_decoys.smtp.profile import SmtpProfile

EXTENSIONS = (
    "250-mail.example|250-PIPELINING|250-SIZE 10240000|250-VRFY|250-ETRN|250-STARTTLS|250-AUTH PLAIN LOGIN|"
    "250-ENHANCEDSTATUSCODES|250-8BITMIME|250-DSN|250-SMTPUTF8|250 CHUNKING"
)
# Recorded from Postfix 3.7.11 of Debian 12; `|` ends a line, `#` a session.
RECORDED = """
HELO > 501 Syntax: HELO hostname
HELO x > 250 mail.example
EHLO x > EXTENSIONS
NOOP > 250 2.0.0 Ok
RSET > 250 2.0.0 Ok
VRFY root > 252 2.0.0 root
EXPN x > 500 5.5.2 Error: command not recognized
HELP > 500 5.5.2 Error: command not recognized
FOO > 500 5.5.2 Error: command not recognized
MAIL > 501 5.5.4 Syntax: MAIL FROM:<address>
MAIL FROM: > 501 5.5.4 Syntax: MAIL FROM:<address>
MAIL FROM:<a@b.example> > 250 2.1.0 Ok
MAIL FROM:<c@d.example> > 503 5.5.1 Error: nested MAIL command
RCPT > 501 5.5.4 Syntax: RCPT TO:<address>
RCPT TO:<nobody@example.net> > 250 2.1.5 Ok
RCPT TO:<x> > 250 2.1.5 Ok
RCPT TO:bad bad > 555 5.5.4 Unsupported option: bad
DATA > 354 End data with <CR><LF>.<CR><LF>
#
DATA > 503 5.5.1 Error: need RCPT command
RCPT TO:<a@b> > 503 5.5.1 Error: need MAIL command
MAIL FROM:<> > 250 2.1.0 Ok
DATA > 554 5.5.1 Error: no valid recipients
AGEAYgA= > 500 5.5.2 Error: command not recognized
* > 221 2.7.0 Error: I can break rules, too. Goodbye.
#
GET / HTTP/1.0 > 221 2.7.0 Error: I can break rules, too. Goodbye.
#
EHLO x > EXTENSIONS
STARTTLS foo > 501 5.5.4 Syntax: STARTTLS
AUTH FOO > 535 5.7.8 Error: authentication failed: Invalid authentication mechanism
AUTH > 501 5.5.4 Syntax: AUTH mechanism
ETRN x > 459 <x>: service unavailable
XCLIENT x > 550 5.7.0 Error: insufficient authorization
MAIL FROM:<a@b.example> > 250 2.1.0 Ok
AUTH PLAIN > 503 5.5.1 Error: MAIL transaction in progress
RCPT TO:<nix@gs-lindenhof.example> NOTIFY=NEVER > 250 2.1.5 Ok
RCPT TO:<postmaster> > 250 2.1.5 Ok
rset x > 501 5.5.4 Syntax: RSET
quit x > 221 2.0.0 Bye
#
BDAT x > 521 5.5.4 Syntax: BDAT count [LAST]
"""


def new_session(**profile: object) -> Session:
    return Session(profile=SmtpProfile(**profile), name="mail.example")  # type: ignore[arg-type]


@pytest.mark.parametrize("recorded", RECORDED.strip().split("\n#\n"), ids=range(5))
def test_answers_are_those_of_the_real_server(recorded: str) -> None:
    session = new_session()
    lines = [line.partition(" > ") for line in recorded.splitlines()]
    given_answers = [answer(session, sent.encode()).text.replace("\r\n", "|") for sent, _, _ in lines]
    assert given_answers == [expected.replace("EXTENSIONS", EXTENSIONS) for _, _, expected in lines]


@given(
    st.lists(st.binary(max_size=100) | st.sampled_from([b"MAIL FROM:<a@b>", b"RCPT TO:<a@b>", b"DATA"]), max_size=20)
)
def test_every_line_has_an_answer(lines: list[bytes]) -> None:
    session = new_session()
    for line in lines:
        made = answer(session, line)
        assert made.then in ("", "data", "bdat", "tls", "auth", "end")
        assert made.text or made.then in ("bdat", "auth")


def test_a_closed_relay_takes_mail_for_its_domains_only() -> None:
    session = new_session(relay=False, domains=("example.org",))
    answer(session, b"MAIL FROM:<a@b>")
    assert (
        answer(session, b"RCPT TO:<x@elsewhere.example>").text == "454 4.7.1 <x@elsewhere.example>: Relay access denied"
    )
    assert answer(session, b"RCPT TO:<x@Example.ORG>").text == "250 2.1.5 Ok"


def test_recipients_are_bounded() -> None:
    session = new_session()
    answer(session, b"MAIL FROM:<a@b>")
    answers = [answer(session, b"RCPT TO:<a@b>").text for _ in range(MOST_RECIPIENTS + 1)]
    assert answers[-2:] == ["250 2.1.5 Ok", "452 4.5.3 Error: too many recipients"]


def test_recipients_are_counted_as_the_memory_that_they_take() -> None:
    session = new_session()
    answer(session, b"MAIL FROM:<a@b>")
    for _ in range(100):
        answer(session, "RCPT TO:<\U0001f600".encode() + b"x" * 2000 + b">")
    assert session.held >= sum(map(sys.getsizeof, session.recipients)) > 100 * 1000
    assert session.held < 100 * 2000
    session.reset()
    assert session.held == 0


@given(st.binary(max_size=300), st.integers(1, 50))
def test_how_a_mail_is_cut_changes_nothing(sent: bytes, size: int) -> None:
    whole, parts = MailText(1000), MailText(1000)
    data = sent + b"\r\n.\r\nNEXT"
    expected, found, place = whole.take(data), None, 0
    while found is None:
        found, place = parts.take(data[place : place + size]), place + size
    assert found + data[place:] == expected
    assert (parts.kept, parts.size) == (whole.kept, whole.size)


def test_dots_that_were_added_are_removed() -> None:
    mail = MailText(1000)
    assert mail.take(b"Subject: x\r\n\r\n..\r\n.x\r\n.\r\nQUIT\r\n") == b"QUIT\r\n"
    assert bytes(mail.kept) == b"Subject: x\r\n\r\n.\r\nx\r\n"


@given(st.integers(0, 100), st.integers(0, 9000))
def test_a_mail_keeps_what_it_may_and_counts_the_rest(most: int, size: int) -> None:
    mail = MailText(most)
    assert mail.take(b"x" * size + b"\n.\n") == b""
    assert (mail.size, len(mail.kept)) == (size + 1, min(most, size + 1))


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_lines_are_bounded(pieces: list[bytes]) -> None:
    incoming = Incoming()
    for piece in pieces:
        incoming.feed(piece)
        while (line := incoming.line()) is not None:
            assert len(line) <= LONGEST_LINE
            assert b"\n" not in line
        assert incoming.held <= LONGEST_LINE


def encoded(data: bytes) -> bytes:
    return base64.b64encode(data)


def test_credentials_of_both_mechanisms() -> None:
    assert Exchange(f"PLAIN {encoded(bytes(1) + b'user' + bytes(1) + b'pass').decode()}").begin() == (
        b"user",
        b"pass",
        b"",
    )
    plain = Exchange("plain")
    assert plain.begin() == "334 "
    assert plain.step(encoded(b"x\0user\0pass")) == Credentials(b"user", b"pass", b"x")
    login = Exchange("LOGIN")
    assert (login.begin(), login.step(encoded(b"user"))) == ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6")
    assert login.step(encoded(b"pass")) == Credentials(b"user", b"pass")
    assert Exchange("LOGIN dXNlcg==").begin() == "334 UGFzc3dvcmQ6"
    assert (
        Exchange("PLAIN !!!").begin()
        == "535 5.7.8 Error: authentication failed: Invalid base64 data in initial response"
    )
    assert Exchange("LOGIN").step(b"*") == "501 5.7.0 Authentication aborted"


@given(st.sampled_from(("PLAIN", "LOGIN", "PLAIN AA==")), st.lists(st.binary(max_size=40), max_size=4))
def test_any_authentication_ends(argument: str, lines: list[bytes]) -> None:
    exchange = Exchange(argument)
    exchange.begin()
    for line in lines:
        given_answer = exchange.step(line)
        assert isinstance(given_answer, Credentials) or given_answer[:3] in ("334", "501", "535")


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("a@b.c", True), ("a", True), ('"a b"@c.d', True), ('"a@b"', True), ("a@[192.0.2.1]", True), ("a@c.d.", True),
        ("a@", False), ("a@c..d", False), ("a@-c.d", False), ("a@1.2.3.4", False), ("a@[1.2.3]", False),
        ("a,b@c.d", False), ('"a@c.d', False), ("a@" + "b" * 300, False),
    ],
)  # fmt: skip
def test_addresses_are_those_that_postfix_takes(address: str, good: bool) -> None:
    assert is_address(address) is good


@given(st.text(max_size=300) | st.from_regex(r"[a-z@\[\].\"<>,-]{0,60}"))
def test_any_address_is_taken_or_refused(text: str) -> None:
    assert is_address(text) in (True, False)
    assert is_domain(text) in (True, False)
    found = address_and_options("FROM:" + text, "FROM:")
    assert found is None or bad_notices(found[1], of_mail=True) in ("", "RET", "ENVID")


def test_notices_are_asked_once_and_as_they_may_be() -> None:
    assert bad_notices(["NOTIFY=NEVER,SUCCESS"], of_mail=False) == "NOTIFY"
    assert bad_notices(["RET=FULL", "RET=HDRS"], of_mail=True) == "RET"
    assert not bad_notices(["RET=FULL", "ENVID=a+3Db"], of_mail=True)


def test_a_line_that_is_too_long_is_one_line_when_it_ends() -> None:
    incoming = Incoming()
    incoming.feed(b"x" * 10_000)
    assert incoming.line() is None
    incoming.feed(b"\r\nNOOP\r\n")
    assert incoming.line() == b"x" * LONGEST_LINE
    assert incoming.line() == b"NOOP"


@pytest.mark.parametrize("repeated", ["<", "<>", " ", "(", "()", '"', "@a", "@a:"])
def test_no_line_takes_long(repeated: str) -> None:
    line = f"MAIL FROM:{repeated * LONGEST_LINE}".encode()[:LONGEST_LINE]
    spent = []
    for _ in range(3):
        began = time.process_time()
        answer(Session(profile=SmtpProfile(), name="mail.example"), line)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.01
