# SPDX-License-Identifier: MIT
"""The whole fleet on PostgreSQL: everything that an attacker does is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

import pytest
from sqlalchemy import text

from decnet_models.database.engine import open_engine, reading


@pytest.mark.fault
def test_private_drill_holds_on_postgresql(empty_postgres_url: str) -> None:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    with tempfile.TemporaryDirectory() as place:  # pytest's own is too long a path for a UNIX socket
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "decnet",
                "drill",
                "--private",
                "--deadline",
                "60",
                "--database",
                empty_postgres_url,
                "--json",
            ],
            env={**outer, "TMPDIR": place},
            capture_output=True,
            text=True,
            check=False,
            timeout=250,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["holds"]
    engine = open_engine(empty_postgres_url)
    with reading(engine) as connection:
        left = connection.execute(text("SELECT worker, count(holder) FROM lease GROUP BY worker")).all()
        assert sorted(tuple(row) for row in left) == [
            ("clusterer", 0),
            ("history", 0),
            ("profiler", 0),
            ("ttp", 0),
        ]  # clean release
        assert connection.execute(text("SELECT count(*) FROM event")).scalar()
        for table in ("attacker", "ttp_tag"):  # what workers made of the drill is gone
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    engine.dispose()
