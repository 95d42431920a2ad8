# SPDX-License-Identifier: MIT
"""The operator's actions on the master: create the authority, renew the listener, issue tokens, sign, revoke."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from decnet_swarm.errors import SwarmError
from decnet_swarm.pki import authority, files, listener_identity, sensor_registry, token
from decnet_swarm.pki.acting_owner import acting_as_owner
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.listener_identity import ListenerCertificate
from decnet_swarm.pki.names import Role, is_name
from decnet_swarm.pki.registry_file import change, load
from decnet_swarm.pki.sensor_registry import Certificate, PendingToken, Registry, RegistryRefusal, Sensor


class BootstrapError(SwarmError):
    """The action is not possible; the message says what to do instead."""


def bootstrap(state: Path, hosts: Iterable[str], now: dt.datetime | None = None) -> bool:
    """Create what is missing of the authority and the listener's identity; return whether anything was.

    After a kill at any point the next call completes it. Raises OSError.
    """
    if files.is_bootstrapped(state):
        return False
    moment = now or dt.datetime.now(dt.UTC)
    own, shared = files.authority_folder(state), files.listener_folder(state)
    files.make_folder(own)
    files.make_folder(shared)
    if not (own / files.ROOT_KEY).exists():
        files.write(own / files.ROOT_KEY, authority.root(moment).to_pem())
    root_certificate(state)
    root = _root(state)
    with acting_as_owner(shared):
        listener_identity.create(shared, root, hosts, moment)
    return True


def renew(
    state: Path, hosts: Iterable[str], *, new_keys: bool = False, force: bool = False, now: dt.datetime | None = None
) -> ListenerCertificate:
    """Give the listener a new certificate; with `new_keys` also the key that sensors know as its next, and new signing.

    Raises BootstrapError, OSError, and ValueError for a damaged key.
    """
    folder, moment = _listener_folder(state), now or dt.datetime.now(dt.UTC)
    root = _root(state)
    with acting_as_owner(folder):
        if new_keys and not force and (left := _stranded(folder)):
            raise BootstrapError(
                f"{len(left)} sensors, {left[0]} among them, do not know the listener's next key yet; they learn it "
                "when they renew. --force does it now; they must then be enrolled again"
            )
        return listener_identity.renew(folder, root, hosts, moment, new_keys=new_keys)


def issue_token(state: Path, name: str, hours: float, *, replaces: bool = False) -> str:
    """Return a token for sensor `name` that can be used once within `hours`; raises BootstrapError or RegistryError."""
    folder = _listener_folder(state)
    moment = int(dt.datetime.now(dt.UTC).timestamp())
    root_mark = bytes.fromhex(fingerprint(files.certificate_in(root_certificate(state))))
    made = token.new_token(root_mark, name)
    waiting = PendingToken(
        made.id.hex(), token.hashed(made.secret), name, moment, moment + int(hours * 3600), replaces=replaces
    )
    _must(change(folder, lambda known: (sensor_registry.add_token(known, waiting), None)))
    return token.encode_token(made)


def sign_request(state: Path, name: str, request: str, days: float, *, replaces: bool = False) -> str:
    """Return the chain for a request that was brought by hand, e.g. an rsyslog's, and enter its holder as a sensor.

    Raises BootstrapError, BadRequestError, RegistryError, OSError.
    """
    folder, moment = _listener_folder(state), dt.datetime.now(dt.UTC)
    if not is_name(name):
        raise BootstrapError("a name has up to 63 letters and digits, inside also . _ and -")
    with acting_as_owner(folder):
        signer = Signer.from_pem((folder / files.ISSUING).read_bytes())
    key = authority.requested_key(request)
    made = authority.member(signer, Role.FORWARDER, name, key, now=moment, days=days)
    mark = Certificate(fingerprint(authority.der(made)), int(made.not_valid_after_utc.timestamp()))
    sensor = Sensor(name, (mark,), int(moment.timestamp()), address="by hand")

    def step(known: Registry) -> tuple[Registry | RegistryRefusal, None]:
        return sensor_registry.add_sensor(known, sensor, replaces=replaces), None

    _must(change(folder, step))
    return authority.certificate_pem(made, signer.certificate).decode()


def revoke(state: Path, name: str, now: int | None = None) -> None:
    """Revoke sensor `name` and its tokens; raises BootstrapError or RegistryError."""
    moment = int(dt.datetime.now(dt.UTC).timestamp()) if now is None else now
    _must(change(_listener_folder(state), lambda known: (sensor_registry.revoke_sensor(known, name, moment), None)))


def forget(state: Path, name: str) -> None:
    """Take a revoked sensor out of the list; raises BootstrapError or RegistryError."""
    _must(change(_listener_folder(state), lambda known: (sensor_registry.remove_sensor(known, name), None)))


def _listener_folder(state: Path) -> Path:
    if not files.is_bootstrapped(state):
        raise BootstrapError("there is no swarm here yet; decnet swarm token NAME creates one")
    return files.listener_folder(state)


def root_certificate(state: Path) -> str:
    """Return the root's certificate in PEM, from where only the operator can write; raises BootstrapError, OSError.

    The listener has a copy, to show to who enrols. Were that one believed, who has taken over the listener could put
    an authority of his own into every token.
    """
    path = files.authority_folder(state) / files.AUTHORITY
    if not path.exists():
        files.write(path, authority.certificate_pem(_root(state).certificate))
    return path.read_text("ascii")


def _root(state: Path) -> Signer:
    path = files.authority_folder(state) / files.ROOT_KEY
    try:
        return Signer.from_pem(path.read_bytes())
    except FileNotFoundError as error:
        raise BootstrapError(f"{path} is not there: bring the root's key back to sign with it") from error


def _stranded(folder: Path) -> list[str]:
    """Return the sensors that have not renewed since the listener's next key was created, so do not pin it."""
    made = (folder / files.NEXT_KEY).stat().st_mtime
    return [
        each.name
        for each in load(folder).sensors
        if each.revoked_at is None and (each.renewed_at or each.enrolled_at) < int(made)
    ]


def _must(outcome: RegistryRefusal | None) -> None:
    if outcome is not None:
        raise BootstrapError(outcome.text)
