# SPDX-License-Identifier: MIT
"""Gets a sensor's first certificate and renews it. The private key is created here and never leaves the host.

The first contact takes two connections. The first trusts nothing and sends no secret: the master presents its
authority's certificate, which must have the fingerprint that the token carries. The second trusts only that authority,
and only there is the token sent.
"""

import datetime as dt
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from decnet_core.text import for_terminal
from decnet_swarm.address import Address
from decnet_swarm.enrolment import exchange, messages
from decnet_swarm.enrolment.exchange import EndedError, ExchangeError
from decnet_swarm.enrolment.messages import AskAuthority, Authority, Enrol, Issued, Refused, Renew
from decnet_swarm.pki import authority, files
from decnet_swarm.pki.contexts import client_context, forwarder_context
from decnet_swarm.pki.der import Unreadable, fingerprint, parts_of
from decnet_swarm.pki.files import Enrolled
from decnet_swarm.pki.names import Role, roles_in
from decnet_swarm.pki.pinning import WrongPeerError, check_listener
from decnet_swarm.pki.token import Token

SKEW_SECONDS = 60
"""A clock difference from here on is reported."""


def enrol(folder: Path, master: Address, token: Token, clock: Callable[[], float] = time.time) -> Enrolled:
    """Get a certificate from `master` with `token` and keep it in `folder`; return what this host knows then.

    Raises ExchangeError, OSError.
    """
    shown = _fetch_authority(master, token)
    key = authority.new_key()
    question = Enrol(token.id, token.secret, authority.request(key, token.name))
    context = client_context()
    context.load_verify_locations(cadata=shown.certificate)
    try:
        issued = _issued(exchange.ask(master, context, question, check=_is_listener))
    except ExchangeError as error:
        raise ExchangeError(f"{error}{_difference(shown.time - int(clock()))}") from error
    known = Enrolled(issued.name, str(Address(master.host, issued.port)), issued.pins)
    files.make_folder(folder)
    files.write(folder / files.AUTHORITY, shown.certificate.encode())
    store_identity(folder, known, key, issued)
    return known


def renew(folder: Path, server: Address) -> Enrolled:
    """Get the next certificate from the listener at `server` and keep it in `folder`; for a new key, too.

    Raises ExchangeError, files.NotEnrolledError, OSError.
    """
    known = files.enrolled(folder)
    context = forwarder_context(folder)
    context.set_alpn_protocols([messages.RENEWAL_PROTOCOL])
    key = authority.new_key()

    def check(link: ssl.SSLSocket) -> None:
        check_listener(folder, link)
        if link.selected_alpn_protocol() != messages.RENEWAL_PROTOCOL:
            raise WrongPeerError("it does not renew certificates")

    issued = _issued(exchange.ask(server, context, Renew(authority.request(key, known.name)), check=check))
    known = msgspec.structs.replace(known, pins=issued.pins)
    store_identity(folder, known, key, issued)
    return known


def _fetch_authority(master: Address, token: Token) -> Authority:
    """Return the master's authority certificate if it is the token's."""
    context = client_context()
    context.verify_mode = ssl.CERT_NONE
    try:
        shown = exchange.ask(master, context, AskAuthority())
    except EndedError as error:
        raise ExchangeError(
            f"{error}; it listens only while a token is unused: was this one used, or has it expired?"
        ) from error
    if not isinstance(shown, Authority):
        raise ExchangeError(f"the master does not answer: {_reason(shown)}")
    try:
        mark = fingerprint(files.certificate_in(shown.certificate))
    except ValueError:
        mark = ""
    if mark != token.authority.hex():
        raise ExchangeError(
            f"{master} is not the master that made this token: its authority has another fingerprint; nothing was sent"
        )
    return shown


def _is_listener(link: ssl.SSLSocket) -> None:
    if Role.LISTENER not in roles_in(link.getpeercert()):
        raise WrongPeerError("the certificate of the other side is no listener's")


def _issued(answer: messages.Reply) -> Issued:
    if isinstance(answer, Issued):
        return answer
    raise ExchangeError(_reason(answer))


def _reason(answer: messages.Reply) -> str:
    return for_terminal(answer.text) if isinstance(answer, Refused) else "unexpected answer"


def store_identity(folder: Path, known: Enrolled, key: authority.Key, issued: Issued) -> None:
    """Write what was got, `identity.pem` last, for from then on it is used; ExchangeError when it is not for `key`."""
    try:
        parts = parts_of(files.certificate_in(issued.chain))
    except ValueError as error:
        raise ExchangeError("the master's answer has no certificate") from error
    own = authority.public_der(key.public_key())
    if isinstance(parts, Unreadable) or parts.public_key != own or not issued.pins:
        raise ExchangeError("the master's answer has no certificate for our key")
    files.write(folder / files.ENROLLED, msgspec.json.format(msgspec.json.encode(known)))
    files.write(folder / files.IDENTITY, authority.key_pem(key) + issued.chain.encode())


def _difference(behind: int) -> str:
    """Return a hint about a clock that is this many seconds behind; empty when it is right."""
    if abs(behind) < SKEW_SECONDS:
        return ""
    length = dt.timedelta(minutes=round(abs(behind) / 60))  # its seconds are those that the exchange took
    word = "behind" if behind > 0 else "ahead of"
    return f" (this host's clock is {length} {word} the master's; is it right?)"
