# SPDX-License-Identifier: MIT
"""A PostgreSQL database that cannot hold every text is refused before it is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, inspect, text

from decnet_models.database.engine import open_engine
from decnet_models.errors import DatabaseError
from decnet_models.migrations.upgrade import upgrade


@pytest.fixture(params=["SQL_ASCII", "LATIN1"])
def other_encoding(
    request: pytest.FixtureRequest, postgres: Callable[[str], str], postgres_admin: Engine
) -> Iterator[str]:
    with postgres_admin.connect() as connection:
        connection.execute(
            text(f"CREATE DATABASE encoded ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        )
    yield postgres("encoded")
    with postgres_admin.connect() as connection:
        connection.execute(text("DROP DATABASE encoded WITH (FORCE)"))


def test_an_encoding_that_is_not_utf_8_is_refused_with_what_to_do(other_encoding: str) -> None:
    with pytest.raises(DatabaseError, match=r"make it anew with CREATE DATABASE .* ENCODING 'UTF8'"):
        upgrade(other_encoding)
    engine = open_engine(other_encoding)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
