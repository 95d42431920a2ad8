# SPDX-License-Identifier: MIT
"""Requests to the child process that signs certificates, and how the listener runs it (`signer_child`)."""

import asyncio
import logging
import sys
from pathlib import Path

import msgspec

from decnet_core.text import for_terminal
from decnet_swarm.enrolment.messages import Issued, Malformed, Refused, answer_in

log = logging.getLogger(__name__)

SECONDS = 60.0
"""For one signature, including the start of an interpreter on a busy machine."""


class SignEnrolment(msgspec.Struct, frozen=True, tag="enrol"):
    """Sign for the holder of this token."""

    id: bytes
    secret: bytes
    request: str
    address: str


class SignRenewal(msgspec.Struct, frozen=True, tag="renew"):
    """Sign for `name`, whose certificate with the fingerprint `presented` TLS has verified."""

    name: str
    presented: str
    request: str


SigningRequest = SignEnrolment | SignRenewal

_REQUESTS: msgspec.json.Decoder[SigningRequest] = msgspec.json.Decoder(SigningRequest)


def decode_request(document: bytes) -> SigningRequest:
    """Return the request in `document`; raises msgspec.DecodeError."""
    return _REQUESTS.decode(document)


async def sign_in_child(folder: Path, request: SigningRequest, days: float) -> Issued | Refused:
    """Run the child with `request` and return its reply; a child that fails is logged, and the reply is `defect`."""
    command = (sys.executable, "-P", "-m", "decnet_swarm.enrolment.signer_child", str(folder), str(days))
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, complaint = await child.communicate(msgspec.json.encode(request))
    except TimeoutError:
        log.error("a certificate was not signed within %.0f s", SECONDS)  # noqa: TRY400  # there is no more to know
        return Refused("busy", "the master could not sign in time; try again")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    answer = answer_in(output) if child.returncode == 0 else Malformed(f"exit code {child.returncode}")
    if isinstance(answer, (Issued, Refused)):
        return answer
    last = (complaint.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
    log.error("a certificate could not be signed: %s", for_terminal(last))
    return Refused("defect", "the master cannot sign certificates; its log says why")
