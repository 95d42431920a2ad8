# SPDX-License-Identifier: MIT
"""What the listener tells its signing child to do, and how it starts one; the child is `issue`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import msgspec

from decnet_core.text import for_terminal
from decnet_swarm.enrolment.messages import Issued, Malformed, Refused, answer_in

log = logging.getLogger(__name__)

SECONDS = 60.0
"""For one signature: the start of an interpreter, on a machine that has other things to do."""


class EnrolOrder(msgspec.Struct, frozen=True, tag="enrol"):
    """For who holds this token."""

    id: bytes
    secret: bytes
    request: str
    address: str


class RenewOrder(msgspec.Struct, frozen=True, tag="renew"):
    """For `name`, whose certificate with the fingerprint `presented` TLS has verified."""

    name: str
    presented: str
    request: str


Order = EnrolOrder | RenewOrder

_ORDERS: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)


def decode_order(document: bytes) -> Order:
    """Return the order in `document`; raises msgspec.DecodeError."""
    return _ORDERS.decode(document)


async def carried_out(folder: Path, order: Order, days: float) -> Issued | Refused:
    """Start the child, give it `order` and return its answer; a child that fails is logged and answers `defect`."""
    command = (sys.executable, "-P", "-m", "decnet_swarm.enrolment.signer_child", str(folder), str(days))
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, complaint = await child.communicate(msgspec.json.encode(order))
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
