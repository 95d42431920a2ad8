# SPDX-License-Identifier: MIT
"""Writes the true identities in place of the clusterer, so that campaign-clusterer is judged alone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from decnet_core.events.catalogue import CommandRun, FileCaptured, HttpRequest
from decnet_core.events.envelope import Event
from decnet_models.database.engine import writing
from decnet_models.grouping.evidence import add_evidence
from decnet_models.grouping.membership import create_group, place
from decnet_models.grouping.values import Evidence, Member
from decnet_models.identities.tables import IDENTITIES
from planted.files import Truth

URL = re.compile(r"(?:https?|ftp)://([^\s/:;|'\"]+)[^\s;|'\"]*")
NAMESPACE = uuid.UUID("5f3a2f0e-4a55-4d6e-9c2b-6d0c1f7a9a11")


def identity_of(actor: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, actor)


def give(engine: Engine, truth: Truth, events: Sequence[Event]) -> None:
    """Place the attackers of the events, with the hosts, URLs and payloads that they showed."""
    times: dict[str, list[int]] = {}
    for event in events:
        times.setdefault(event.src_ip or "", []).append(event.ts)
    now = max(event.ts for event in events)
    with writing(engine) as connection:
        members = []
        for address, seen in times.items():
            identity = identity_of(truth.identities.get(address, f"shared {address}"))
            create_group(connection, IDENTITIES, identity, now_ns=now)
            members.append(Member(address, identity, 0.0, (), min(seen), max(seen), now))
        place(connection, IDENTITIES, members)
        add_evidence(connection, IDENTITIES, (one for event in events for one in _shown(event)))


def _shown(event: Event) -> Iterator[Evidence[str]]:
    for kind, value in _features(event):
        yield Evidence(event.src_ip or "", kind, value, event.ts, event.ts)


def _features(event: Event) -> Iterator[tuple[str, str]]:
    match event.payload:
        case CommandRun(command=text) | HttpRequest(body=str(text)):
            for found in URL.finditer(text):
                yield "host", found.group(1)
                yield "url", found.group(0)
        case FileCaptured(sha256=sha256, url=url):
            yield "payload", sha256
            if url and (found_url := URL.match(url)):
                yield "host", found_url.group(1)
                yield "url", url
