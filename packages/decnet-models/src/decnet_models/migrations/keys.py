# SPDX-License-Identifier: MIT
"""Compares what Alembic does not: primary keys, references (also those across domains) and CHECK constraints."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import CheckConstraint, Connection, Inspector, MetaData, Table, inspect

from decnet_models.database.columns import REFERS

Reference = tuple[str, str, str]
"""Column, its target (`table.column`), and the action when that is deleted."""


def key_differences(connection: Connection, declared: MetaData) -> Iterator[str]:
    """Yield how the database's keys and constraints differ from the declared ones."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in declared.sorted_tables:
        if table.name in present:
            yield from _primary(inspector, table)
            yield from _references(inspector, table)
            yield from _checks(inspector, table, exact=connection.dialect.name == "sqlite")


def declared_references(table: Table) -> set[Reference]:
    """Return the foreign keys that the database must have: those declared, and those across domains."""
    own = {(key.parent.name, key.target_fullname, key.ondelete or "NO ACTION") for key in table.foreign_keys}
    across = {(column.name, *column.info[REFERS]) for column in table.columns if REFERS in column.info}
    return own | across


def declared_checks(table: Table) -> list[str]:
    """Return the conditions of the table's CHECK constraints."""
    every = [constraint for column in table.columns for constraint in column.constraints] + list(table.constraints)
    return [str(one.sqltext) for one in set(every) if isinstance(one, CheckConstraint)]


def _primary(inspector: Inspector, table: Table) -> Iterator[str]:
    has = inspector.get_pk_constraint(table.name)["constrained_columns"]
    wants = [column.name for column in table.primary_key]
    if has != wants:
        yield f"primary key of {table.name} is {has}, the class says {wants}"


def _references(inspector: Inspector, table: Table) -> Iterator[str]:
    has = {_reference(key) for key in inspector.get_foreign_keys(table.name)}
    wants = declared_references(table)
    for word, references in (("add", wants - has), ("remove", has - wants)):
        for column, target, on_delete in sorted(references):
            yield f"{word} reference {table.name}.{column} to {target} (on delete {on_delete.lower()})"


def _reference(key: Any) -> Reference:
    column, target = ", ".join(key["constrained_columns"]), ", ".join(key["referred_columns"])
    return column, f"{key['referred_table']}.{target}", key["options"].get("ondelete", "NO ACTION")


def _checks(inspector: Inspector, table: Table, *, exact: bool) -> Iterator[str]:
    """SQLite stores a condition as it was written; PostgreSQL rewrites it, with the same columns and constants."""

    def known(condition: str) -> str:
        return condition if exact else _essence(condition, table)

    has = [str(one["sqltext"]) for one in inspector.get_check_constraints(table.name)]
    wants = declared_checks(table)
    for verb, these, others in (("add", wants, has), ("remove", has, wants)):
        more = Counter(map(known, these)) - Counter(map(known, others))
        yield from (f"{verb} check of {table.name}: {one}" for one in sorted(these) if known(one) in more)


def _essence(condition: str, table: Table) -> str:
    constants = re.findall(r"'(?:[^']|'')*'|\b\d+\b", condition)
    names = set(re.findall(r"\w+", condition)) & set(table.columns.keys())
    return " ".join(sorted({*constants, *names}))
