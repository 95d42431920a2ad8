# SPDX-License-Identifier: MIT
"""What Postfix 3.7 answers to a command, by the state of the session; pure. Its words were read off the real server."""

import re
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from decnet_decoys.smtp.addresses import address_and_options, bad_notices, is_address, is_domain
from decnet_decoys.smtp.profile import SmtpProfile

MOST_RECIPIENTS: Final = 1000
SHOWN: Final = 320
"""Characters of an address that are kept: no real one is longer (RFC 5321, section 4.5.3.1)."""
_POINTER: Final = 8
HARD_ERRORS: Final = 20
"""Postfix's smtpd_hard_error_limit: the last of these ends the connection."""
SOFT_ERRORS: Final = 10
"""smtpd_soft_error_limit: answers are a second late after these."""
UNKNOWN: Final = "500 5.5.2 Error: command not recognized"
RULES: Final = "221 2.7.0 Error: I can break rules, too. Goodbye."
_VERBS: Final = (
    "AUTH BDAT BURL DATA EHLO ETRN EXPN HELO HELP LHLO MAIL NOOP QUIT RCPT RSET SAML SEND SOML STARTTLS TURN VERB VRFY "
    "XCLIENT XFORWARD"
)
VERBS: Final = frozenset(_VERBS.split())
"""Of SMTP and its extensions, as clients send them, whether Postfix has them or not."""
_IDLE: Final = frozenset(("NOOP", "QUIT", "RSET"))
_FORBIDDEN: Final = ("CONNECT", "GET", "POST")
_OF_MAIL = ("SIZE", "BODY", "AUTH", "RET", "ENVID", "SMTPUTF8")
_OF_RCPT = ("NOTIFY", "ORCPT")


class SmtpReply(NamedTuple):
    """A reply, and what it begins."""

    text: str
    then: str = ""
    """'': the next command; else data, bdat, tls, auth or end."""
    error: bool = False
    """Whether it counts against the client."""


class Session(msgspec.Struct):
    """One client's session."""

    profile: SmtpProfile
    name: str
    greeted: bool = False
    extended: bool = False
    helo: str = ""
    """The name that the client has given itself."""
    secure: bool = False
    user: str = ""
    """Who has logged in."""
    sender: str | None = None
    recipients: list[str] = []
    count: int = 0
    """Recipients in all; beyond MOST_RECIPIENTS they are refused."""
    held: int = 0
    """Bytes of memory that the recipients take."""
    chunked: bool = False
    declared: int = 0
    """What MAIL said that the mail's size is; it stays after a refusal, as in Postfix, until the next RSET or EHLO."""
    failed: bool = False
    """Whether a chunk of the mail was refused: those up to its last are not looked at."""
    argument: str = ""
    """What AUTH or BDAT were given."""

    @property
    def without_recipients(self) -> str:
        """What is said to a mail that is for nobody."""
        return "503 5.5.1 Error: need RCPT command" if self.sender is None else "554 5.5.1 Error: no valid recipients"

    def reset(self) -> None:
        """Forget the mail under way."""
        self.sender, self.recipients, self.chunked, self.declared = None, [], False, 0
        self.held, self.failed = 0, False


class Command(NamedTuple):
    """A command line in two: `name` is one of VERBS, else empty and `given` the whole line."""

    name: str
    given: bytes

    def is_recorded(self, reply: SmtpReply, *, told: bool) -> bool:
        """Whether it is a request by itself: those of a mail or log-in are parts of that, unless they are refused.

        What says nothing is one where nothing else is told of the connection.
        """
        if reply.text == RULES:  # no command of SMTP
            return False
        if self.name in _IDLE:
            return not told
        return bool(self.given or self.name) and (reply.error or self.name not in _PARTS)


_PARTS: Final = frozenset(("AUTH", "BDAT", "DATA", "MAIL", "RCPT"))


def parsed(line: bytes) -> Command:
    """Return a line as it is recorded."""
    name, _, given = line.strip().partition(b" ")
    verb = name.upper().decode("ascii", "replace")
    return Command(verb, given.strip()) if verb in VERBS else Command("", line.strip())


def answer(session: Session, line: bytes) -> SmtpReply:
    """Answer a command line."""
    try:
        text = line.decode().partition("\0")[0].strip()  # in Postfix a zero byte ends a line
    except UnicodeDecodeError:
        return _bad("500 5.5.2 Error: bad UTF-8 syntax")
    if not text:
        return _bad("500 5.5.2 Error: bad syntax")
    name, *others = text.split(maxsplit=1)
    name, rest = name.upper(), "".join(others)
    if name in _FORBIDDEN or ":" in name or not re.match("[A-Za-z]", text):  # a header is a mail without DATA
        return SmtpReply(RULES, "end")
    known = _COMMANDS.get(name)
    if known is None:
        return SmtpReply(UNKNOWN, error=True)
    if session.chunked and name in ("MAIL", "RCPT", "DATA"):
        return SmtpReply(f"503 5.5.1 Error: {name} after BDAT", error=True)
    return known(session, rest.strip())


def _helo(session: Session, rest: str) -> SmtpReply:
    if not rest:
        return _bad("501 Syntax: HELO hostname")
    session.greeted, session.extended, session.helo = True, False, rest[:64]
    session.reset()
    return SmtpReply(f"250 {session.name}")


def _ehlo(session: Session, rest: str) -> SmtpReply:
    if not rest:
        return _bad("501 Syntax: EHLO hostname")
    session.greeted = session.extended = True
    session.helo = rest[:64]
    session.reset()
    profile = session.profile
    offered = ["PIPELINING", f"SIZE {profile.size}", "VRFY", "ETRN"]
    offered += ["STARTTLS"] if profile.tls and not session.secure else []
    offered += ["AUTH PLAIN LOGIN"] if profile.log_in else []
    offered += ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"]
    lines = [session.name, *offered]
    return SmtpReply("\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines))


def _mail(session: Session, rest: str) -> SmtpReply:
    if session.sender is not None:
        return _bad("503 5.5.1 Error: nested MAIL command")
    found = address_and_options(rest, "FROM:")
    if found is None:
        return _bad("501 5.5.4 Syntax: MAIL FROM:<address>")
    address, options = found
    if address and not is_address(address):
        return _bad("501 5.1.7 Bad sender address syntax")
    refused = next(filter(None, (_option_of_mail(session, option) for option in options)), None)
    if refused is None and (name := bad_notices(options, of_mail=True)):
        refused = _bad(f"501 5.5.4 Bad {name} parameter syntax")
    if refused is None and session.declared > session.profile.size:
        refused = _bad("552 5.3.4 Message size exceeds fixed limit")
    if refused is None:
        session.sender = address
    return refused or SmtpReply("250 2.1.0 Ok")


def _option_of_mail(session: Session, option: str) -> SmtpReply | None:
    """Return why an option of MAIL is refused; None: it is not."""
    name, _, value = option.partition("=")
    if name.upper() not in _OF_MAIL or (name.upper() == "SIZE" and "=" not in option):
        return _bad(f"555 5.5.4 Unsupported option: {option}")
    if name.upper() == "BODY" and value.upper() not in ("7BIT", "8BITMIME"):
        return _bad(f"555 5.5.4 Unsupported option: {option}")
    if name.upper() == "SIZE":
        if not (value.isascii() and value.isdecimal()):
            return _bad("501 5.5.4 Bad message size syntax")
        session.declared = int(value[:20])
    return None


def _rcpt(session: Session, rest: str) -> SmtpReply:
    if session.sender is None:
        return _bad("503 5.5.1 Error: need MAIL command")
    found = address_and_options(rest, "TO:")
    if found is None:
        return _bad("501 5.5.4 Syntax: RCPT TO:<address>")
    address, options = found
    refused = _refused(session, address, options)
    if refused is None:
        session.recipients.append(address[:SHOWN])
        session.held += sys.getsizeof(session.recipients[-1]) + _POINTER
    return refused or SmtpReply("250 2.1.5 Ok")


def _refused(session: Session, address: str, options: list[str]) -> SmtpReply | None:
    """Return why a recipient is refused; None: it is not."""
    for option in options:
        if option.partition("=")[0].upper() not in _OF_RCPT:
            return _bad(f"555 5.5.4 Unsupported option: {option}")
    if name := bad_notices(options, of_mail=False):
        return _bad(f"501 5.5.4 Error: Bad {name} parameter syntax")
    if not address or not is_address(address):
        return _bad("501 5.1.3 Bad recipient address syntax")
    if len(session.recipients) >= MOST_RECIPIENTS:
        return _bad("452 4.5.3 Error: too many recipients")
    domain = address.rpartition("@")[2].lower() if "@" in address else ""
    if domain and not (session.profile.relay or session.user or domain in session.profile.domains):
        return _bad(f"454 4.7.1 <{address}>: Relay access denied")
    return None


def _data(session: Session, rest: str) -> SmtpReply:
    if session.recipients:
        return _bad("501 5.5.4 Syntax: DATA") if rest else SmtpReply("354 End data with <CR><LF>.<CR><LF>", "data")
    return _bad(session.without_recipients)


def _bdat(session: Session, rest: str) -> SmtpReply:
    size, _, last = rest.partition(" ")
    if not size.isdecimal() or len(size) > 12 or last.strip().upper() not in ("", "LAST"):
        return SmtpReply("521 5.5.4 Syntax: BDAT count [LAST]", "end")
    session.chunked, session.argument = True, rest.upper()
    return SmtpReply("", "bdat")


def _rset(session: Session, rest: str) -> SmtpReply:
    if rest:
        return _bad("501 5.5.4 Syntax: RSET")
    session.reset()
    return SmtpReply("250 2.0.0 Ok")


def _starttls(session: Session, rest: str) -> SmtpReply:
    if rest:
        return _bad("501 5.5.4 Syntax: STARTTLS")
    if not session.profile.tls:
        return _bad("502 5.5.1 Error: command not implemented")
    if session.secure:
        return _bad("554 5.5.1 Error: TLS already active")
    return SmtpReply("220 2.0.0 Ready to start TLS", "tls")


def _auth(session: Session, rest: str) -> SmtpReply:
    if not session.profile.log_in:
        return _bad("503 5.5.1 Error: authentication not enabled")
    if session.user:
        return _bad("503 5.5.1 Error: already authenticated")
    if session.sender is not None:
        return _bad("503 5.5.1 Error: MAIL transaction in progress")
    if not 1 <= len(rest.split()) <= 2:
        return _bad("501 5.5.4 Syntax: AUTH mechanism")
    if rest.partition(" ")[0].upper() not in ("PLAIN", "LOGIN"):
        return _bad("535 5.7.8 Error: authentication failed: Invalid authentication mechanism")
    session.argument = rest
    return SmtpReply("", "auth")


def _vrfy(_session: Session, rest: str) -> SmtpReply:
    if not rest:
        return _bad("501 5.5.4 Syntax: VRFY address [SMTPUTF8]")
    address, _, option = rest.partition(" ")
    bare = address.removeprefix("<").removesuffix(">")
    if (option and option.upper() != "SMTPUTF8") or not bare.strip("!") or not is_address(bare):
        return _bad("501 5.1.3 Bad recipient address syntax")
    return SmtpReply(f"252 2.0.0 {address}")


def _etrn(session: Session, rest: str) -> SmtpReply:
    if session.sender is not None:
        return _bad("503 Error: MAIL transaction in progress")
    if len(rest.split()) != 1:
        return _bad("500 Syntax: ETRN domain")
    domain = rest[1:] if rest[0] in "@#" else rest
    if not is_domain(domain):
        return _bad("501 Error: invalid parameter syntax")
    return _bad(f"459 <{domain}>: service unavailable")


_COMMANDS: Final[dict[str, Callable[[Session, str], SmtpReply]]] = {
    "HELO": _helo, "EHLO": _ehlo, "MAIL": _mail, "RCPT": _rcpt, "DATA": _data, "BDAT": _bdat, "RSET": _rset,
    "STARTTLS": _starttls, "AUTH": _auth, "VRFY": _vrfy, "ETRN": _etrn,
    "NOOP": lambda _session, _rest: SmtpReply("250 2.0.0 Ok"),
    "QUIT": lambda _session, _rest: SmtpReply("221 2.0.0 Bye", "end"),
    "XCLIENT": lambda _session, _rest: _bad("550 5.7.0 Error: insufficient authorization"),
    "XFORWARD": lambda _session, _rest: _bad("550 5.7.0 Error: insufficient authorization"),
}  # fmt: skip


def _bad(text: str) -> SmtpReply:
    return SmtpReply(text, error=True)
