# SPDX-License-Identifier: MIT
"""The page of the tables: each domain with a picture, each table with who writes and who reads it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Table, Uuid
from sqlmodel import SQLModel
from sqlmodel.main import default_registry

from decnet_models.database.columns import ADDRESS, EVENT_ID, JSON_TEXT, MENTIONS, NANOSECONDS, SHA256
from decnet_models.database.domains import domains
from decnet_models.database.ownership import ANY
from decnet_models.migrations.keys import declared_checks, declared_references


def tables() -> Iterator[str]:
    """Every domain with a picture of its references; every table with its owner, readers, columns and conditions."""
    yield "# Tables\n\nWritten by `decnet docs` from the code; `decnet-db check` compares a database with it.\n"
    yield (
        "One folder of `decnet_models` is a domain. One worker writes a table (`operator`: the commands and the API). "
        "In the pictures a line is a foreign key. A dotted line is a reference without a key, since its target may "
        "not exist yet or any more: retention deletes events, and workers do not wait for one another. Times are "
        "nanoseconds since the Unix epoch, UTC, unless the name says another unit."
    )
    for domain in domains():
        module = importlib.import_module(f"decnet_models.{domain}")
        importlib.import_module(f"decnet_models.{domain}.models")
        found = importlib.import_module(f"decnet_models.{domain}.tables").metadata.sorted_tables
        yield f"\n## Domain {domain}\n\n{_paragraphs(module.__doc__)}\n"
        yield from _picture(found)
        for table in found:
            yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    described = _class_of(table)
    yield f"\n### `{table.name}`\n\n{_paragraphs(described.__doc__)}\n"
    yield f"Written by {_worded(table.info['owner'].split(', '))}; read by {_worded(table.info['readers'])}.\n"
    yield "| column | meaning | type | null | key | refers to |\n|---|---|---|---|---|---|"
    references = {column: f"`{target}`, on delete {act.lower()}" for column, target, act in declared_references(table)}
    for column in table.columns:
        target = column.info.get(MENTIONS)
        named = references.get(column.name) or (f"`{target}` (no key)" if target else "")
        null, key = "yes" if column.nullable else "", "primary" if column.primary_key else ""
        meaning = str(described.model_fields[column.name].description).replace("|", "\\|")
        yield f"| `{column.name}` | {meaning} | {_type(column)} | {null} | {key} | {named} |"
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        columns = ", ".join(f"`{column.name}`" for column in index.columns)
        yield f"\n{'Unique index' if index.unique else 'Index'} `{index.name}` on {columns}."
    for condition in sorted(declared_checks(table)):
        yield f"\nCheck `{condition}`."


def _class_of(table: Table) -> type[SQLModel]:
    """Return the SQLModel class that describes the table; it was loaded with its domain."""
    return next(mapper.class_ for mapper in default_registry.mappers if mapper.local_table is table)


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


_MEANT = {
    id(NANOSECONDS): "ns since the Unix epoch",
    id(ADDRESS): "IP address",
    id(EVENT_ID): "of an event",
    id(JSON_TEXT): "JSON",
    id(SHA256): "SHA-256, hexadecimal",
}
"""What the shared column types stand for; they are known by themselves, since two may look the same to a database."""


def _type(column: Column[Any]) -> str:
    plain = "UUID" if isinstance(column.type, Uuid) else str(column.type)
    meant = _MEANT.get(id(column.type))
    return f"{plain}, {meant}" if meant else plain


def _plain_type(column: Column[Any]) -> str:
    return type(column.type).__name__.lower()


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").strip().split("\n\n"))


def _worded(names: Iterable[str]) -> str:
    return ", ".join(name if name in ANY else f"`{name}`" for name in names)
