# SPDX-License-Identifier: MIT
"""The listener's keys and certificates on disk: created, renewed, and pinned by the sensors.

Sensors pin two public keys: the listener's and its next one. So a new key never surprises them: `identity.pem` only
ever gets a key that `next.pem` had announced. The files are written in an order that leaves a valid identity and a
known next key whatever write is the last.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import msgspec
from cryptography import x509

from decnet_core.net.addresses import parse_address
from decnet_swarm.pki import authority, files
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.der import fingerprint, pin
from decnet_swarm.pki.names import Role


class ListenerCertificate(msgspec.Struct, frozen=True):
    fingerprint: str
    not_after: int
    """Seconds since the Unix epoch."""
    pins: tuple[str, ...]


def create(folder: Path, root: Signer, hosts: Iterable[str], now: dt.datetime) -> None:
    """Write a first identity and an issuing key; raises OSError."""
    _write(folder, root, hosts, now, key=authority.new_key(), new_issuing=True)


def renew(folder: Path, root: Signer, hosts: Iterable[str], now: dt.datetime, *, new_keys: bool) -> ListenerCertificate:
    """Write a new certificate, with `new_keys` for the announced next key and with a new issuing key.

    Raises OSError, and ValueError for a damaged key.
    """
    key = authority.read_key((folder / (files.NEXT_KEY if new_keys else files.IDENTITY)).read_bytes())
    made = _write(folder, root, hosts, now, key=key, new_issuing=new_keys)
    not_after = int(made.not_valid_after_utc.timestamp())
    return ListenerCertificate(fingerprint(authority.der(made)), not_after, pins(folder))


def pins(folder: Path) -> tuple[str, ...]:
    """Return the pins of the listener's key and of its next one; raises OSError or ValueError."""
    keys = [authority.read_key((folder / name).read_bytes()) for name in (files.IDENTITY, files.NEXT_KEY)]
    return tuple(pin(authority.public_der(key.public_key())) for key in keys)


def _write(
    folder: Path, root: Signer, hosts: Iterable[str], now: dt.datetime, *, key: authority.Key, new_issuing: bool
) -> x509.Certificate:
    own, next_path = authority.key_pem(key), folder / files.NEXT_KEY
    names = [host for host in hosts if parse_address(host) is None]
    made = authority.member(
        root, Role.LISTENER, "DECNET listener", key.public_key(), now=now, days=authority.LISTENER_DAYS, hosts=names
    )
    files.write(folder / files.AUTHORITY, authority.certificate_pem(root.certificate))
    if new_issuing:
        files.write(folder / files.ISSUING, authority.issuing(root, now).to_pem())
    if not next_path.exists():
        files.write(next_path, authority.key_pem(authority.new_key()))
    files.write(folder / files.IDENTITY, own + authority.certificate_pem(made))
    if own == next_path.read_bytes():
        files.write(next_path, authority.key_pem(authority.new_key()))
    return made
