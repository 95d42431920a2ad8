# SPDX-License-Identifier: MIT
"""The pages of the catalogue: events, notices, messages on the bus."""

from __future__ import annotations

from collections.abc import Iterator

from decnet.manual.reference.fields import fields, first_line, listed
from decnet_core.bus.subjects import SUBJECTS
from decnet_core.events.catalogue import KINDS
from decnet_core.events.envelope import Event
from decnet_core.events.notices import NOTICE_KINDS, TestNotice
from decnet_core.runtime import worker_registry

_WORKERS = {name: worker_registry.load(name) for name in worker_registry.names()}


def events() -> Iterator[str]:
    """Every event kind with its fields, its producers and its consumers."""
    yield "# Event kinds\n\nAn event is one line of JSON. Its `payload` is of one kind, by the field `kind`.\n"
    yield from fields(Event)
    for kind, shape in KINDS.items():
        made = [name for name, worker in _WORKERS.items() if shape in worker.produces]
        read = [name for name, worker in _WORKERS.items() if shape in worker.consumes]
        yield f"\n## `{kind}`\n\n{first_line(shape)}\n"
        yield f"Produced by {listed(made)}; read by {listed(read)}.\n"
        yield from fields(shape)


def notices() -> Iterator[str]:
    """Every notice kind with its fields and its writers."""
    yield "# Notices\n\nWhat `webhook` delivers. Each notice is first written to the table `notice`."
    for kind, shape in NOTICE_KINDS.items():
        written = [name for name, worker in _WORKERS.items() if shape in worker.notices]
        yield f"\n## `{kind}`\n\n{first_line(shape)}\n"
        yield f"Written by {'`decnet webhook test`' if shape is TestNotice else listed(written)}.\n"
        yield from fields(shape)


def subjects() -> Iterator[str]:
    """Every bus subject with its payload."""
    yield "# Bus subjects\n\nPayloads are JSON. `{}` stands for the name of a worker or the kind of a notice."
    for subject in SUBJECTS:
        yield f"\n## `{subject.pattern}`\n\n{subject.meaning}\n"
        yield from fields(subject.payload)
