# SPDX-License-Identifier: MIT
"""Migrated SQLite databases, copied from one that is made once: to migrate takes 0.25 s."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from decnet_models.migrations.upgrade import upgrade


def migrated_database(file: Path) -> str:
    """Put an empty database of the newest revision there; return its URL."""
    shutil.copy(migrated_once(), file)
    return f"sqlite:///{file}"


@functools.cache
def migrated_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="decnet-migrated-"))
    atexit.register(shutil.rmtree, folder)
    upgrade(f"sqlite:///{folder / 'decnet.db'}")
    return folder / "decnet.db"
