# SPDX-License-Identifier: MIT
"""Writes the reference pages from the registries, so that they cannot be wrong."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from sqlalchemy import Column, Table, Uuid

from decnet_core import registry
from decnet_core.bus.subjects import SUBJECTS
from decnet_core.events.catalogue import KINDS
from decnet_core.events.notices import NOTICE_KINDS
from decnet_core.runtime.worker import MIB
from decnet_models.columns import MENTIONS
from decnet_models.migrations.check import domains
from decnet_models.migrations.keys import declared_checks, declared_references
from decnet_models.ownership import ANY


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
    """Every domain with a picture of its references; every table with its owner, readers, columns and conditions."""
    yield "# Tables\n\nWritten by `docs/generate.py` from the code; `decnet-db check` compares a database with it.\n"
    yield (
        "One folder of `decnet_models` is a domain, one worker writes a table (`operator`: the commands and the API). "
        "In the pictures a line is a foreign key. A dotted line is a name of something that may not be there (yet, or "
        "any more), which no key enforces: events go with retention, and workers do not wait for one another."
    )
    for domain in domains():
        module = importlib.import_module(f"decnet_models.{domain}")
        found = importlib.import_module(f"decnet_models.{domain}.tables").metadata.sorted_tables
        yield f"\n## Domain {domain}\n\n{_paragraphs(module.__doc__)}\n"
        yield from _picture(found)
        for table in found:
            yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"\n### `{table.name}`\n"
    yield f"Written by {_worded(table.info['owner'].split(', '))}; read by {_worded(table.info['readers'])}.\n"
    yield "| column | type | null | key | names |\n|---|---|---|---|---|"
    references = {column: f"`{target}`, on delete {act.lower()}" for column, target, act in declared_references(table)}
    for column in table.columns:
        target = column.info.get(MENTIONS)
        named = references.get(column.name) or (f"`{target}` (no key)" if target else "")
        null, key = "yes" if column.nullable else "", "primary" if column.primary_key else ""
        yield f"| `{column.name}` | {_type(column)} | {null} | {key} | {named} |"
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        columns = ", ".join(f"`{column.name}`" for column in index.columns)
        yield f"\n{'Unique index' if index.unique else 'Index'} `{index.name}` on {columns}."
    for condition in sorted(declared_checks(table)):
        yield f"\nCheck `{condition}`."


def _picture(found: Iterable[Table]) -> Iterator[str]:
    """An entity-relationship diagram for Mermaid, which GitHub draws: keys and references only, or it is a wall."""
    yield "```mermaid\nerDiagram"
    for table in found:
        across = {column.name for column in table.columns if MENTIONS in column.info}
        named = {column for column, _, _ in declared_references(table)} | across
        yield f"    {table.name} {{"
        for column in table.columns:
            marks = ["PK"] * column.primary_key + ["FK"] * (column.name in named)
            if marks:
                yield f"        {_plain_type(column)} {column.name} {', '.join(marks)}"
        yield "    }"
        for name, target, _ in sorted(declared_references(table)):
            yield _line(table.columns[name], target, "--")
        for name in sorted(across):
            yield _line(table.columns[name], table.columns[name].info[MENTIONS], "..")
    yield "```"


def _line(column: Column[Any], target: str, stroke: str) -> str:
    one = "|o" if column.nullable or stroke == ".." else "||"
    alone = [each.name for each in column.table.primary_key] == [column.name]
    return (
        f'    {target.partition(".")[0]} {one}{stroke}{"o|" if alone else "o{"} {column.table.name} : "{column.name}"'
    )


def _type(column: Column[Any]) -> str:
    return "UUID" if isinstance(column.type, Uuid) else str(column.type)


def _plain_type(column: Column[Any]) -> str:
    return type(column.type).__name__.lower()


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").strip().split("\n\n"))


def _worded(names: Iterable[str]) -> str:
    return ", ".join(name if name in ANY else f"`{name}`" for name in names)


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
