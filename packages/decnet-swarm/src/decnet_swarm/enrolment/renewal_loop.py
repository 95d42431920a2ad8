# SPDX-License-Identifier: MIT
"""Renews the sensor's certificate after two thirds of its life, in a child that does nothing else.

The child is an interpreter of its own, because making a key needs `cryptography`: 13 MiB that the forwarder would keep
for two connections a year. The forwarder sees the new `identity.pem` (`contexts.Reloaded`) and connects with it the
next time; a connection that stands continues, for the listener takes old and new.
"""

import asyncio
import logging
import random
import sys
import time
from pathlib import Path

from decnet_core.runtime.counters import Counters
from decnet_core.runtime.parking import Parking
from decnet_core.text import for_terminal
from decnet_swarm.pki import files
from decnet_swarm.pki.der import Parts

log = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0
"""How often the clock is read, for it may be set."""
FIRST_RETRY_SECONDS = 60.0
CHILD_SECONDS = 180.0


def due_at(parts: Parts) -> float:
    """Return when two thirds of a certificate's life are over, in seconds since the Unix epoch."""
    return parts.not_before + (parts.not_after - parts.not_before) * 2 / 3


def is_ending(folder: Path) -> bool:
    """Return whether the renewal of the certificate in `folder` is so overdue that the operator must act."""
    try:
        parts = files.validity(folder)
    except files.NotEnrolledError:
        return True
    return parts.not_after - time.time() < (parts.not_after - parts.not_before) / 6


async def renew_when_due(
    counters: Counters, folder: Path, server: str, parking: Parking, *, retry_seconds: float | None = None
) -> None:
    """Renew for ever at the listener `server` (HOST:PORT); what fails is logged, counted and tried again."""
    counters.read_from(lambda: {"certificate_ending": int(is_ending(folder))})
    first = FIRST_RETRY_SECONDS if retry_seconds is None else retry_seconds
    while True:
        wait = _wait(counters, folder)
        if wait > 0:
            parking.side_due = time.monotonic() + wait
            await asyncio.sleep(min(wait, LOOK_SECONDS))
        else:
            with parking.side_job():
                await _renew(counters, folder, server, first)


async def _renew(counters: Counters, folder: Path, server: str, pause: float) -> None:
    """Renew; `pause` after a failure is doubled with each."""
    while _wait(counters, folder) <= 0:
        if await _renew_in_child(folder, server):
            counters.add("certificate_renewals")
        else:
            counters.add("certificate_renewals_failed")
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311  # spreads sensors, hides nothing
            pause = min(2 * pause, LOOK_SECONDS)


def _wait(counters: Counters, folder: Path) -> float:
    """Return the seconds until the next renewal; a host without a certificate is checked again later."""
    try:
        parts = files.validity(folder)
    except files.NotEnrolledError as error:
        log.warning("no certificate to renew: %s", error)
        return LOOK_SECONDS
    now = time.time()
    counters.set("certificate_days_left", round((parts.not_after - now) / 86400, 2))
    return due_at(parts) - now


async def _renew_in_child(folder: Path, server: str) -> bool:
    command = (sys.executable, "-P", "-m", "decnet_swarm.enrolment.renewal_child", str(folder), server)
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    complaint = b""
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            _, complaint = await child.communicate()
    except TimeoutError:
        complaint = b"it took too long"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == 0:
        log.info("certificate renewed")
        return True
    last = (complaint.decode(errors="replace").strip().splitlines() or [f"exit code {child.returncode}"])[-1]
    log.warning("certificate not renewed: %s", for_terminal(last))
    return False
