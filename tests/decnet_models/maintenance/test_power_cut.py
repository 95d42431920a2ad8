# SPDX-License-Identifier: MIT
"""The power is cut during backups: a file with a backup's name is a whole backup."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.decnet_models.migrated import migrated_database
from tests.power_cut import MISSING, Disk, disk

from decnet_models.maintenance.checksum import verify
from decnet_models.maintenance.restore import restore

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

BACK_UP = """
import itertools, sys
from pathlib import Path
from decnet_models.maintenance.backup import backup
root = Path(sys.argv[1])
print("begun", flush=True)
for number in itertools.count():
    backup(f"sqlite:///{root / 'decnet.db'}", root / "backups" / f"{number}.db", len)
    print(number, flush=True)
    if number > 1:
        for file in (root / "backups").glob(f"{number - 2}.db*"):
            file.unlink()
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        migrated_database(made.place / "decnet.db")
        (made.place / "backups").mkdir()
        made.sync()
        yield made


@pytest.mark.parametrize("seed", range(4))
def test_a_backup_that_was_reported_is_there_and_every_other_is_whole(struck: Disk, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    said = struck.crash(BACK_UP, lines=chance.randrange(1, 8), chance=chance)[1:]
    found = sorted((struck.place / "backups").glob("*.db"))
    assert not said or struck.place / "backups" / f"{said[-1]}.db" in found
    for file in found:
        verify(file)
        restore(f"sqlite:///{tmp_path / file.name}", file, print)
