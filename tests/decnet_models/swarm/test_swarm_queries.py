# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from decnet_models.database.engine import writing
from decnet_models.swarm import queries


def test_a_host_can_be_named_before_it_enrols_and_once_only(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_sensor(connection, "south", "in the attic", now_ns=21)
        queries.add_sensor(connection, "north", "in the cellar\0", now_ns=1)
        found = [(one.name, one.description, one.updated_at) for one in queries.sensors(connection)]
    assert found == [("north", "in the cellar\u2400", 1), ("south", "in the attic", 21)]
    with pytest.raises(IntegrityError), writing(engine) as connection:
        queries.add_sensor(connection, "north", "", now_ns=30)
