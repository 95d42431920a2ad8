# SPDX-License-Identifier: MIT
"""Signs and registers one certificate: `python -m decnet_swarm.enrolment.signer_child FOLDER DAYS`.

The listener starts it for each request and writes a SigningRequest to its standard input; the reply is on its standard
output. The child itself decides, with the registry locked, whether the token or the presented certificate is good: of
two sensors that present the same token at the same moment, one finds it spent.
"""

import datetime as dt
import sys
from pathlib import Path

import msgspec

from decnet_swarm.enrolment.messages import Issued, Refused
from decnet_swarm.enrolment.signing_requests import SignEnrolment, SigningRequest, SignRenewal, decode_request
from decnet_swarm.pki import authority, files, sensor_registry
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.listener_identity import pins
from decnet_swarm.pki.names import Role
from decnet_swarm.pki.registry_file import change
from decnet_swarm.pki.sensor_registry import Certificate, Registry, RegistryRefusal, Sensor


def sign(folder: Path, request: SigningRequest, days: float, now: dt.datetime | None = None) -> Issued | Refused:
    """Sign and register; raises OSError, ValueError or RegistryError when the files in `folder` are damaged."""
    moment = now or dt.datetime.now(dt.UTC)
    try:
        key = authority.requested_key(request.request)
    except authority.BadRequestError as error:
        return Refused("request", str(error))
    signer = Signer.from_pem((folder / files.ISSUING).read_bytes())
    signature = _Signature(signer, key, days, moment, pins(folder))

    def step(known: Registry) -> tuple[Registry | RegistryRefusal, Issued | None]:
        return (
            signature.enrol(known, request) if isinstance(request, SignEnrolment) else signature.renew(known, request)
        )

    done = change(folder, step)
    if isinstance(done, RegistryRefusal):
        return Refused(done.reason, done.text)
    assert done is not None
    return done


class _Signature:
    def __init__(
        self, signer: Signer, key: authority.PublicKey, days: float, now: dt.datetime, pinned: tuple[str, ...]
    ) -> None:
        self._signer, self._key, self._days, self._now, self._pins = signer, key, days, now, pinned
        self._seconds = int(now.timestamp())

    def enrol(self, known: Registry, request: SignEnrolment) -> tuple[Registry | RegistryRefusal, Issued | None]:
        waiting = sensor_registry.find_token(known, request.id, request.secret, self._seconds)
        if isinstance(waiting, RegistryRefusal):
            return waiting, None
        issued, mark = self._sign(waiting.name)
        sensor = Sensor(waiting.name, (mark,), self._seconds, address=request.address)
        return sensor_registry.add_sensor(known, sensor, replaces=waiting.replaces), issued

    def renew(self, known: Registry, request: SignRenewal) -> tuple[Registry | RegistryRefusal, Issued | None]:
        issued, mark = self._sign(request.name)
        return sensor_registry.renew_certificate(known, request.name, request.presented, mark, self._seconds), issued

    def _sign(self, name: str) -> tuple[Issued, Certificate]:
        made = authority.member(self._signer, Role.FORWARDER, name, self._key, now=self._now, days=self._days)
        mark = Certificate(fingerprint(authority.der(made)), int(made.not_valid_after_utc.timestamp()))
        chain = authority.certificate_pem(made, self._signer.certificate).decode()
        return Issued(name, chain, self._pins), mark


def main() -> int:
    """Answer the request on standard input."""
    folder, days = Path(sys.argv[1]), float(sys.argv[2])
    answer = sign(folder, decode_request(sys.stdin.buffer.read()), days)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
