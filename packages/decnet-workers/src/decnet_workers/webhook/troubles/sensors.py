# SPDX-License-Identifier: MIT
"""Sensors that say nothing, and those whose certificates end, by what `listener` knows of them."""

from collections.abc import Iterable, Iterator

from decnet_core.deckies.orders import Contact
from decnet_core.events.notices import CertificateExpiring, SensorSilent
from decnet_core.timing.durations import SECOND_NS
from decnet_workers.webhook.troubles.trouble import Trouble

EXPIRES_WITHIN_NS = 7 * 86400 * SECOND_NS
"""Sensors renew earlier, so a certificate that comes this close to its end is not being renewed."""


def sensors_silent(known: Iterable[Contact], now: int) -> Iterator[Trouble]:
    """Yield a trouble for each member of the fleet that has been silent for too long."""
    for one in known:
        if not one.revoked and now >= one.silent_at:
            yield Trouble(("sensor.silent", one.sensor), SensorSilent(now, one.sensor, one.heard_at))


def certificates_ending(known: Iterable[Contact], now: int) -> Iterator[Trouble]:
    """Yield a trouble for each member whose newest certificate ends soon."""
    for one in known:
        if not one.revoked and one.not_after and one.not_after - now < EXPIRES_WITHIN_NS:
            yield Trouble(("certificate.expiring", one.sensor), CertificateExpiring(now, one.sensor, one.not_after))


def next_silence(known: Iterable[Contact], now: int) -> int | None:
    """Return when the next of them becomes silent unless it says something; None if none can."""
    return min((one.silent_at for one in known if not one.revoked and one.silent_at > now), default=None)
