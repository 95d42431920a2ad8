# SPDX-License-Identifier: MIT
"""What the operator does on the master with the root's key: found the fleet, renew the listener, sign by hand."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from pathlib import Path

import msgspec
from cryptography import x509

from decnet_swarm.enrolment.signer_child import pins
from decnet_swarm.errors import SwarmError
from decnet_swarm.pki import authority, files, registry, token
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.names import Role, is_name
from decnet_swarm.pki.registry import Certificate, No, Registry, Sensor, Waiting
from decnet_swarm.pki.registry_file import change, load


class FoundingError(SwarmError):
    """It cannot be done; the message says what to do instead."""


class Renewed(msgspec.Struct, frozen=True):
    """The listener's certificate."""

    fingerprint: str
    not_after: int
    """Seconds since the Unix epoch."""
    pins: tuple[str, ...]


def found(state: Path, hosts: Iterable[str], now: dt.datetime | None = None) -> bool:
    """Make the authority and the listener's identity, what is missing of them; return whether anything was.

    Killed at any point, the next call goes on. Raises OSError.
    """
    if files.is_founded(state):
        return False
    moment = now or dt.datetime.now(dt.UTC)
    own, shared = files.authority_folder(state), files.listener_folder(state)
    files.make_folder(own)
    files.make_folder(shared)
    if not (own / files.ROOT_KEY).exists():
        files.write(own / files.ROOT_KEY, authority.root(moment).written())
    _renew(state, _root(state), hosts, moment, key=authority.new_key(), issue=True)
    return True


def renew(
    state: Path, hosts: Iterable[str], *, new_keys: bool = False, force: bool = False, now: dt.datetime | None = None
) -> Renewed:
    """Give the listener a new certificate; with `new_keys` also the key that sensors know as its next, and new signing.

    Raises FoundingError, OSError, and ValueError for a damaged key.
    """
    folder, moment = _founded(state), now or dt.datetime.now(dt.UTC)
    if new_keys and not force and (left := _stranded(folder)):
        raise FoundingError(
            f"{len(left)} sensors, {left[0]} among them, do not know the listener's next key yet; they learn it when "
            "they renew. --force does it now; they must then be enrolled anew"
        )
    key = authority.read_key((folder / (files.NEXT_KEY if new_keys else files.IDENTITY)).read_bytes())
    made = _renew(state, _root(state), hosts, moment, key=key, issue=new_keys)
    return Renewed(fingerprint(authority.der(made)), int(made.not_valid_after_utc.timestamp()), pins(folder))


def offer(state: Path, name: str, hours: float, *, replaces: bool = False, now: int | None = None) -> str:
    """Return a token for sensor `name` that can be used once within `hours`; raises FoundingError or RegistryError."""
    folder = _founded(state)
    moment = int(dt.datetime.now(dt.UTC).timestamp()) if now is None else now
    root_mark = bytes.fromhex(fingerprint(files.certificate_in((folder / files.AUTHORITY).read_text())))
    made = token.new_token(root_mark, name)
    waiting = Waiting(
        made.id.hex(), token.hashed(made.secret), name, moment, moment + int(hours * 3600), replaces=replaces
    )
    _must(change(folder, lambda known: (registry.offered(known, waiting), None)))
    return token.written(made)


def sign_by_hand(
    state: Path, name: str, request: str, days: float, *, replaces: bool = False, now: dt.datetime | None = None
) -> str:
    """Return the chain for a request that was brought by hand, e.g. an rsyslog's, and enter its holder as a sensor.

    Raises FoundingError, BadRequestError, RegistryError, OSError.
    """
    folder, moment = _founded(state), now or dt.datetime.now(dt.UTC)
    if not is_name(name):
        raise FoundingError("a name has up to 63 letters and digits, inside also . _ and -")
    signer = Signer.read((folder / files.ISSUING).read_bytes())
    key = authority.requested_key(request)
    made = authority.member(signer, Role.FORWARDER, name, key, now=moment, days=days)
    mark = Certificate(fingerprint(authority.der(made)), int(made.not_valid_after_utc.timestamp()))
    sensor = Sensor(name, (mark,), int(moment.timestamp()), address="by hand")

    def step(known: Registry) -> tuple[Registry | No, None]:
        return registry.entered(known, sensor, replaces=replaces), None

    _must(change(folder, step))
    return authority.certificate_pem(made, signer.certificate).decode()


def revoke(state: Path, name: str, now: int | None = None) -> None:
    """Let sensor `name` never come back with what it has; raises FoundingError or RegistryError."""
    moment = int(dt.datetime.now(dt.UTC).timestamp()) if now is None else now
    _must(change(_founded(state), lambda known: (registry.revoked(known, name, moment), None)))


def forget(state: Path, name: str) -> None:
    """Take a revoked sensor out of the list; raises FoundingError or RegistryError."""
    _must(change(_founded(state), lambda known: (registry.forgotten(known, name), None)))


def _founded(state: Path) -> Path:
    """Return the listener's folder."""
    if not files.is_founded(state):
        raise FoundingError("there is no swarm here yet; decnet swarm token NAME begins one")
    return files.listener_folder(state)


def _renew(
    state: Path, root: Signer, hosts: Iterable[str], now: dt.datetime, *, key: authority.Key, issue: bool
) -> x509.Certificate:
    """Write the listener's files, `identity.pem` last but one: the key it has then was announced before."""
    folder = files.listener_folder(state)
    files.write(folder / files.AUTHORITY, authority.certificate_pem(root.certificate))
    if issue:
        files.write(folder / files.ISSUING, authority.issuing(root, now).written())
    if not (folder / files.NEXT_KEY).exists():
        files.write(folder / files.NEXT_KEY, authority.key_pem(authority.new_key()))
    made = authority.member(
        root, Role.LISTENER, "DECNET listener", key.public_key(), now=now, days=authority.LISTENER_DAYS,
        hosts=[host for host in hosts if not _is_address(host)],
    )  # fmt: skip
    files.write(folder / files.IDENTITY, authority.key_pem(key) + authority.certificate_pem(made))
    if authority.key_pem(key) == (folder / files.NEXT_KEY).read_bytes():
        files.write(folder / files.NEXT_KEY, authority.key_pem(authority.new_key()))
    return made


def _root(state: Path) -> Signer:
    path = files.authority_folder(state) / files.ROOT_KEY
    try:
        return Signer.read(path.read_bytes())
    except FileNotFoundError as error:
        raise FoundingError(f"{path} is not there: bring the root's key back to sign with it") from error


def _stranded(folder: Path) -> list[str]:
    """Return the sensors that have not heard from the listener since its next key was made."""
    made = (folder / files.NEXT_KEY).stat().st_mtime
    return [
        each.name
        for each in load(folder).sensors
        if each.revoked_at is None and (each.renewed_at or each.enrolled_at) < int(made)
    ]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _must(outcome: No | None) -> None:
    if outcome is not None:
        raise FoundingError(outcome.text)
