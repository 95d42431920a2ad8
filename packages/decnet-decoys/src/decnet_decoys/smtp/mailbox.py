# SPDX-License-Identifier: MIT
"""A mail for an account of the machine, as Postfix's local(8) appends it to the account's mailbox (mbox); pure."""

import re
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from decnet_decoys.evidence.connection_recorder import text
from decnet_decoys.smtp.commands import Session

DIRECTORY: Final = "/var/mail"
MOST_MAIL: Final = 32 << 10
"""Bytes of a mail that is delivered; a larger one is evidence only."""
MOST_MAILBOX: Final = 96 << 10
"""Of a mailbox; then nothing is delivered there any more."""
MOST_RECIPIENTS: Final = 4
SHOWN_RECIPIENTS: Final = 50
"""Of a mail's recipients in its event."""
_TO_ROOT: Final = frozenset(("postmaster", "mailer-daemon", "webmaster", "hostmaster", "abuse", "noc", "security"))
"""As in the /etc/aliases of Debian's package."""
_FROM_LINE = re.compile(rb"^From ", re.MULTILINE)


class Arrival(NamedTuple):
    """From which address and when (Unix time) a mail came, and the name of its queue file."""

    client: str
    queued: str
    now: float


class Delivery(NamedTuple):
    """To whom a mail goes: an account, and the recipient's address as it was given."""

    account: str
    address: str


def deliveries(recipients: Iterable[str], domains: Iterable[str], accounts: Iterable[str]) -> list[Delivery]:
    """Return to which accounts a mail goes: each once, of addresses without a domain or in one of `domains`."""
    own, known = {domain.lower() for domain in domains}, set(accounts)
    found: dict[str, Delivery] = {}
    for address in recipients:
        name, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
        name = name.lower().partition("+")[0]
        account = "root" if name in _TO_ROOT else name
        if (not at or domain.lower() in own) and account in known and len(found) < MOST_RECIPIENTS:
            found.setdefault(account, Delivery(account, address))
    return list(found.values())


def entry(mail: bytes, session: Session, delivery: Delivery, arrival: Arrival) -> bytes:
    """Return what is appended to a mailbox."""
    there = time.gmtime(arrival.now)
    whole = delivery.address if "@" in delivery.address else f"{delivery.address}@{session.name}"
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000 (UTC)", there)
    head = (
        f"From {session.sender or 'MAILER-DAEMON'}  {time.asctime(there)}\n"
        f"Return-Path: <{session.sender or ''}>\n"
        f"X-Original-To: {delivery.address}\n"
        f"Delivered-To: {whole}\n"
        f"Received: from {session.helo or 'unknown'} (unknown [{arrival.client}])\n"
        f"\tby {session.name} (Postfix) with {'ESMTP' if session.extended else 'SMTP'}{'S' if session.secure else ''}"
        f"{'A' if session.user else ''} id {arrival.queued}\n"
        f"\tfor <{delivery.address}>; {date}\n"
    )
    body = _FROM_LINE.sub(b">From ", mail.replace(b"\r\n", b"\n"))
    return head.encode("utf-8", "surrogateescape") + body + (b"\n" if body.endswith(b"\n") else b"\n\n")


def listed(recipients: list[str]) -> str:
    """Return recipients as a mail's event has them."""
    shown = ", ".join(text(one[:320]) for one in recipients[:SHOWN_RECIPIENTS])
    return shown + (f" and {len(recipients) - SHOWN_RECIPIENTS} more" if len(recipients) > SHOWN_RECIPIENTS else "")


def subject_of(header: bytes) -> bytes:
    """Return the subject that the beginning of a mail has; empty without one."""
    for line in header.split(b"\n"):
        if not line.strip():
            break
        if line[:8].lower() == b"subject:":
            return line[8:].strip()[:512]
    return b""
