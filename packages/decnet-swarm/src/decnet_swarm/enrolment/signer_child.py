# SPDX-License-Identifier: MIT
"""Signs and registers one certificate: `python -m decnet_swarm.enrolment.signer_child FOLDER DAYS`.

The listener starts it for each request and writes an Order to its standard input; the answer is on its standard output.
It decides by itself, with the registry locked, whether the token or the certificate that was presented is good: of two
who come with the same token at the same moment, one finds it spent.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import msgspec

from decnet_swarm.enrolment.messages import Issued, Refused
from decnet_swarm.enrolment.signing_requests import EnrolOrder, Order, RenewOrder, decode_order
from decnet_swarm.pki import authority, files, registry
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.der import fingerprint, pin
from decnet_swarm.pki.names import Role
from decnet_swarm.pki.registry import Certificate, No, Registry, Sensor
from decnet_swarm.pki.registry_file import change


def issue(folder: Path, order: Order, days: float, now: dt.datetime | None = None) -> Issued | Refused:
    """Carry `order` out with what is in `folder`; raises OSError, ValueError or RegistryError when that is damaged."""
    moment = now or dt.datetime.now(dt.UTC)
    try:
        key = authority.requested_key(order.request)
    except authority.BadRequestError as error:
        return Refused("request", str(error))
    signer = Signer.read((folder / files.ISSUING).read_bytes())
    work = _Work(signer, key, days, moment, pins(folder))

    def step(known: Registry) -> tuple[Registry | No, Issued | None]:
        return work.enrol(known, order) if isinstance(order, EnrolOrder) else work.renew(known, order)

    done = change(folder, step)
    if isinstance(done, No):
        return Refused(done.reason, done.text)
    assert done is not None
    return done


def pins(folder: Path) -> tuple[str, ...]:
    """Return the pins of the listener's key and of its next one; raises OSError or ValueError."""
    keys = [authority.read_key((folder / name).read_bytes()) for name in (files.IDENTITY, files.NEXT_KEY)]
    return tuple(pin(authority.public_der(key.public_key())) for key in keys)


class _Work:
    """One signature."""

    def __init__(
        self, signer: Signer, key: authority.PublicKey, days: float, now: dt.datetime, pinned: tuple[str, ...]
    ) -> None:
        self._signer, self._key, self._days, self._now, self._pins = signer, key, days, now, pinned
        self._seconds = int(now.timestamp())

    def enrol(self, known: Registry, order: EnrolOrder) -> tuple[Registry | No, Issued | None]:
        waiting = registry.claimed(known, order.id, order.secret, self._seconds)
        if isinstance(waiting, No):
            return waiting, None
        issued, mark = self._sign(waiting.name)
        sensor = Sensor(waiting.name, (mark,), self._seconds, address=order.address)
        return registry.entered(known, sensor, replaces=waiting.replaces), issued

    def renew(self, known: Registry, order: RenewOrder) -> tuple[Registry | No, Issued | None]:
        issued, mark = self._sign(order.name)
        return registry.renewed(known, order.name, order.presented, mark, self._seconds), issued

    def _sign(self, name: str) -> tuple[Issued, Certificate]:
        made = authority.member(self._signer, Role.FORWARDER, name, self._key, now=self._now, days=self._days)
        mark = Certificate(fingerprint(authority.der(made)), int(made.not_valid_after_utc.timestamp()))
        chain = authority.certificate_pem(made, self._signer.certificate).decode()
        return Issued(name, chain, self._pins), mark


def main() -> int:
    """Carry out the order on standard input."""
    folder, days = Path(sys.argv[1]), float(sys.argv[2])
    answer = issue(folder, decode_order(sys.stdin.buffer.read()), days)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
