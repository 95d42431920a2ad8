# SPDX-License-Identifier: MIT
"""Every table has its SQLModel class beside it, and both are the same table to whoever reads or writes.

The pairs are found by looking: a new domain without `models.py`, a new table without a class or a new column without a
field fails here.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import pytest
from fixture_rows import choices
from sqlalchemy import Boolean, Column, Engine, Select, Table, inspect, select
from sqlalchemy.orm import RelationshipProperty
from sqlmodel import Session, SQLModel
from sqlmodel import select as select_models

from decnet_models.database.domains import all_tables, domains
from decnet_models.migrations.keys import declared_references

TABLES = {table.name: table for table in all_tables()}


def classes(domain: str) -> list[Any]:
    module = importlib.import_module(f"decnet_models.{domain}.models")
    return [found for found in vars(module).values() if isinstance(found, type) and hasattr(found, "__mapper__")]


MODELS = {model.__table__.name: model for domain in domains() for model in classes(domain)}


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]


def test_every_table_has_a_class_of_its_name() -> None:
    assert {name: model.__name__ for name, model in MODELS.items()} == {name: camel_case(name) for name in TABLES}


def test_a_class_maps_its_table_and_every_column_by_name(table: Table) -> None:
    mapper = inspect(MODELS[table.name])
    assert mapper.local_table is table
    assert set(mapper.class_.model_fields) == {column.name for column in table.columns}
    for column in table.columns:
        assert mapper.columns[column.name] is column


def test_a_field_has_the_type_nullability_and_default_of_its_column(table: Table) -> None:
    for name, field in MODELS[table.name].model_fields.items():
        column = table.columns[name]
        numbered = column.primary_key and column.autoincrement is True
        assert plain_type(field.annotation) is column.type.python_type, name
        assert is_optional(field.annotation) == (column.nullable or numbered), name
        assert field.is_required() == (not column.nullable and not numbered and column.server_default is None), name
        if not field.is_required():
            assert field.default == default_of(column), name


def test_every_field_and_class_says_what_it_is(table: Table) -> None:
    model = MODELS[table.name]
    schema = model.model_json_schema()
    assert schema["description"].endswith(".")
    assert [name for name, field in schema["properties"].items() if not field["description"].endswith(".")] == []


def test_relationships_only_read_and_are_named_as_such(table: Table) -> None:
    for relationship in inspect(MODELS[table.name]).relationships:
        assert relationship.viewonly
        assert relationship.key.endswith("_rows" if relationship.uselist else "_row")


def test_a_row_written_by_one_is_read_by_the_other(engine: Engine) -> None:
    for table in parents_first():
        with Session(engine) as session:
            session.add(MODELS[table.name](**row(table, 1)))
            session.commit()
        with engine.begin() as connection:
            connection.execute(table.insert(), row(table, 2))
            rows = connection.execute(in_order(table)).mappings()
            assert [dict(each) for each in rows] == [row(table, 1), row(table, 2)]
        with Session(engine) as session:
            models = session.execute(in_order(MODELS[table.name])).scalars()
            assert [model.model_dump() for model in models] == [row(table, 1), row(table, 2)]


def test_what_is_left_out_gets_the_same_default_from_both(engine: Engine) -> None:
    with_defaults = [table for table in TABLES.values() if any(column.server_default for column in table.columns)]
    assert with_defaults
    for table in parents_first():
        given = row(table, 1)
        for column in table.columns:
            if column.server_default is not None or (column.nullable and not is_needed(column)):
                del given[column.name]
        with engine.begin() as connection:
            connection.execute(table.insert(), given)
            by_core = dict(connection.execute(select(table)).mappings().one())
            connection.execute(table.delete())
        with Session(engine) as session:
            session.add(MODELS[table.name](**given))
            session.commit()
            assert session.exec(select_models(MODELS[table.name])).one().model_dump() == by_core


def test_every_relationship_leads_to_its_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in parents_first():
            connection.execute(table.insert(), row(table, 1))
            connection.execute(table.insert(), row(table, 2))
    with Session(engine) as session:
        for table in TABLES.values():
            for model in session.exec(select_models(MODELS[table.name])):
                for relationship in inspect(MODELS[table.name]).relationships:
                    related = getattr(model, relationship.key)
                    assert_leads_to(relationship, model, related if relationship.uselist else [related])


def assert_leads_to(relationship: RelationshipProperty[Any], model: SQLModel, related: list[Any]) -> None:
    """Row n of each table refers to row n of the others, but for the references that a condition keeps empty."""
    keys = [column.name for column in relationship.local_columns]
    if any(getattr(model, key) is None for key in keys):
        assert related == [None]
        return
    assert len(related) == 1
    for local, remote in relationship.local_remote_pairs or ():
        assert getattr(related[0], remote.name) == getattr(model, local.name)


def camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def parents_first() -> Iterator[Table]:
    """Yield every table after those that it refers to in the migrated database."""
    waiting = dict(TABLES)
    while waiting:
        for name, table in list(waiting.items()):
            parents = {target.partition(".")[0] for _, target, _ in declared_references(table)} - {name}
            if not parents & waiting.keys():
                yield waiting.pop(name)


EMPTY = {"merged_into", "identity_decision.identity", "campaign_decision.campaign", "identity_decision.change"}
EMPTY |= {"campaign_decision.change"}
"""Columns that must be null in a row whose other columns are not: `merged_into` would be itself."""


def row(table: Table, number: int) -> dict[str, Any]:
    """Return a row whose every value says which it is, so that it refers to the rows of the same number."""
    return {column.name: value(column, number) for column in table.columns}


def value(column: Column[Any], number: int) -> Any:
    if EMPTY & {column.name, f"{column.table.name}.{column.name}"}:
        return None
    if allowed := choices(column):
        return allowed[0]
    kind = column.type.python_type
    made: dict[type, Any] = {int: 60 + number, float: number / 2, bool: number == 1, UUID: UUID(int=number)}
    return made.get(kind, f"sample{number}".encode() if kind is bytes else f"sample{number}")


def is_needed(column: Column[Any]) -> bool:
    """Return whether a condition asks for a column that may be null."""
    return column.table.name.endswith("_decision") and value(column, 1) is not None and column.name != "withdrawn_at"


def in_order(source: Any) -> Select[Any]:
    """Select all rows of a table or class in the order of their key."""
    return select(source).order_by(*inspect(source).primary_key)


def is_optional(annotation: Any) -> bool:
    return get_origin(annotation) in {Union, types.UnionType} and type(None) in get_args(annotation)


def plain_type(annotation: Any) -> Any:
    return next(one for one in get_args(annotation) if one is not type(None)) if is_optional(annotation) else annotation


def default_of(column: Column[Any]) -> Any:
    if column.server_default is None:
        return None
    argument: Any = getattr(column.server_default, "arg", None)
    return argument == "1" if isinstance(column.type, Boolean) else column.type.python_type(argument)
