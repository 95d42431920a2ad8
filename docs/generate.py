# SPDX-License-Identifier: MIT
"""Writes the reference pages from the registries, so that they cannot be wrong."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import msgspec

import decnet_models
from decnet_core import registry
from decnet_core.bus.subjects import SUBJECTS
from decnet_core.events.catalogue import KINDS
from decnet_core.events.notices import NOTICE_KINDS
from decnet_core.runtime.worker import MIB


def main() -> None:
    """Write the pages into the directory named by the first argument (default: site/reference)."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "site/reference")
    target.mkdir(parents=True, exist_ok=True)
    pages = {"events": events, "notices": notices, "subjects": subjects, "workers": workers, "tables": tables}
    for name, page in pages.items():
        (target / f"{name}.md").write_text("\n".join(page()) + "\n", encoding="utf-8")
        print(target / f"{name}.md")  # the command's output


def events() -> Iterator[str]:
    """Every event kind with its fields, its producers and its consumers."""
    yield "# Event kinds"
    workers_by_name = {name: registry.load(name) for name in registry.names()}
    for kind, shape in KINDS.items():
        made = [name for name, worker in workers_by_name.items() if shape in worker.produces]
        read = [name for name, worker in workers_by_name.items() if shape in worker.consumes]
        yield f"\n## `{kind}`\n\n{_first_line(shape)}\n"
        yield f"Made by {_listed(made)}; read by {_listed(read)}.\n"
        yield from _fields(shape)


def notices() -> Iterator[str]:
    """Every notice kind with its fields."""
    yield "# Notices"
    for kind, shape in NOTICE_KINDS.items():
        yield f"\n## `{kind}`\n\n{_first_line(shape)}\n"
        yield from _fields(shape)


def subjects() -> Iterator[str]:
    """Every bus subject with its payload."""
    yield "# Bus subjects\n\n| subject | payload | meaning |\n|---|---|---|"
    for subject in SUBJECTS:
        yield f"| `{subject.pattern}` | `{subject.payload.__name__}` | {subject.meaning} |"


def workers() -> Iterator[str]:
    """Every worker with its console script, budget and settings."""
    yield "# Workers"
    for name in registry.names():
        worker = registry.load(name)
        yield f"\n## {name}\n\n{worker.description()}.\n"
        yield f"Console script `decnet-{name}`, memory budget {worker.memory_budget // MIB} MiB, section `[{name}]`:\n"
        yield from _fields(worker.Settings)
        for field, shape in _tables_within(worker.Settings):
            yield f"\n`{field}`: {_first_line(shape)}\n"
            yield from _fields(shape)


def tables() -> Iterator[str]:
    """Every table with its owner and columns."""
    yield "# Tables"
    for module in pkgutil.iter_modules(decnet_models.__path__):
        if not module.ispkg or module.name == "migrations":
            continue
        domain = importlib.import_module(f"decnet_models.{module.name}.tables")
        yield f"\n## Domain {module.name}"
        for table in domain.metadata.sorted_tables:
            yield f"\n### `{table.name}`\n\nWritten by {table.info.get('owner', 'each worker its own row')}.\n"
            yield "| column | type | |\n|---|---|---|"
            for column in table.columns:
                yield f"| `{column.name}` | {column.type} | {'key' if column.primary_key else ''} |"


def _fields(shape: type[msgspec.Struct]) -> Iterator[str]:
    fields = msgspec.structs.fields(shape)
    if not fields:
        yield "No fields."
        return
    yield "| field | type | default |\n|---|---|---|"
    for field in fields:
        default = "required" if field.required else f"`{_default(field)!r}`"
        yield f"| `{field.encode_name}` | `{_type_name(field.type)}` | {default} |"


def _tables_within(shape: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The settings that are tables of their own, and lists of tables."""
    for field in msgspec.structs.fields(shape):
        for each in (field.type, *get_args(field.type)):
            if isinstance(each, type) and issubclass(each, msgspec.Struct):
                yield field.encode_name, each


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def _type_name(annotation: object) -> str:
    return (annotation.__name__ if isinstance(annotation, type) else str(annotation)).replace("|", "\\|")


def _first_line(shape: type) -> str:
    return (shape.__doc__ or "").strip().splitlines()[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nobody"


if __name__ == "__main__":
    main()
