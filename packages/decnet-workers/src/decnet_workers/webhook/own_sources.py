# SPDX-License-Identifier: MIT
"""Notices of sources that became the operator's own after the notices were written, of which nobody is told."""

from collections.abc import Sequence

from sqlalchemy import Connection

from decnet_core.events.notices import decode_notice
from decnet_models.known.matching import KnownSourcesCache
from decnet_models.notices.queries import OutboxLine
from decnet_workers.webhook.incidents.content import Attributed


def without_own(connection: Connection, lines: Sequence[OutboxLine], cache: KnownSourcesCache) -> list[OutboxLine]:
    """Return the lines without those of an attacker all of whose events are the operator's own."""
    known = cache.current(connection)
    if not known:
        return list(lines)
    notices = ((line, decode_notice(line.body)) for line in lines)
    return [line for line, one in notices if not isinstance(one, Attributed) or known.address(one.attacker) is None]
