# SPDX-License-Identifier: MIT
"""The pages of the fleet: its workers, their settings and the shared settings."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any, get_args, get_origin

import msgspec

from decnet.manual.reference.fields import fields, first_line, listed
from decnet_core.events.catalogue import KINDS, kind_of
from decnet_core.events.notices import notice_kind
from decnet_core.runtime import worker_registry
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.setup.host_files import SECTIONS
from decnet_models.database.settings import DatabaseSettings

SHARED: dict[str, type[msgspec.Struct]] = {**SECTIONS, "database": DatabaseSettings}


def workers() -> Iterator[str]:
    """Every worker with what it reads, writes and costs, and its settings."""
    switches = {point.name: point.value for point in entry_points(group=worker_registry.OFF_UNTIL)}
    yield "# Workers\n\nSettings are in `/etc/decnet/decnet.toml`; [shared settings](settings.md) have their own page."
    for name in worker_registry.names():
        worker = worker_registry.load(name)
        yield f"\n## {name}\n\n{worker.description()}.\n"
        yield from _facts(worker, switches.get(name))
        if name in SHARED:
            yield f"\nIts settings are [`[{name}]`](settings.md#{name})."
        else:
            yield f"\n{first_line(worker.Settings)}\n"
            yield from _section(name, worker.Settings)


def settings() -> Iterator[str]:
    """The sections that belong to no one worker."""
    yield (
        "# Settings\n\nThe sections of `/etc/decnet/decnet.toml`, or of the file that `DECNET_SETTINGS` names. "
        "The variable `DECNET_<SECTION>_<FIELD>` overrides a field; an unknown section or field is an error. "
        "The settings of each worker are on [the page of the workers](workers.md)."
    )
    for name, shape in SHARED.items():
        yield f"\n## {name}\n\n{first_line(shape)}\n"
        yield from _section(name, shape)


def _facts(worker: type[Worker[Any]], switch: str | None) -> Iterator[str]:
    yield "| | |\n|---|---|"
    yield f"| console script | `decnet-{worker.name}` |"
    if switch:
        yield f"| off until | `[{worker.name}] {switch}` is set |"
    yield f"| group | `{worker.group}` |"
    yield f"| memory budget | {worker.memory_budget // MIB} MiB of unique memory |"
    yield f"| network | {worker.network} |"
    yield f"| database | {'yes' if worker.database else 'no'} |"
    if worker.consumes:
        every = set(worker.consumes) == set(KINDS.values())
        yield f"| reads | {'every event' if every else listed(map(kind_of, worker.consumes))} |"
    if worker.produces:
        yield f"| produces | {listed(map(kind_of, worker.produces))} |"
    if worker.notices:
        yield f"| notices | {listed(map(notice_kind, worker.notices))} |"


def _section(name: str, shape: type[msgspec.Struct]) -> Iterator[str]:
    """The table of a section, then those of the tables within it."""
    yield from fields(shape)
    for field in msgspec.structs.fields(shape):
        for heading, part in _within(f"{name}.{field.encode_name}", field.type):
            told = first_line(part)
            yield f"\n{told if heading in told else f'`{heading}`: {told}'}\n"
            yield from _section(heading.strip("[]"), part)


def _within(name: str, annotation: Any) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The Struct that a setting is or holds, with the heading that it has in TOML."""
    origin = get_origin(annotation)
    heading = f"[[{name}]]" if origin is tuple else f"[{name}.NAME]" if origin is dict else f"[{name}]"
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            yield heading, each
