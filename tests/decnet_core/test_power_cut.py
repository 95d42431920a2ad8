# SPDX-License-Identifier: MIT
"""The power is cut while files are replaced and keys are made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.power_cut import MISSING, Disk, disk

from decnet_core.keys import KEY_BYTES

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

REPLACE = """
import itertools, sys
from pathlib import Path
from decnet_core.durable import replace_file
for number in itertools.count():
    replace_file(Path(sys.argv[1]) / "file", b"%d " % number * 2000)
    print(number, flush=True)
"""

MAKE_KEYS = """
import itertools, sys
from pathlib import Path
from decnet_core.keys import read_or_create
for number in itertools.count():
    print(read_or_create(Path(sys.argv[1]) / "keys" / str(number)).hex(), flush=True)
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


@pytest.mark.parametrize("seed", range(4))
def test_a_replaced_file_is_the_last_that_was_promised_or_a_later_one_and_whole(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = struck.crash(REPLACE, lines=chance.randrange(1, 100), chance=chance)
    words = (struck.place / "file").read_text().split()
    assert len(words) == 2000
    assert len(set(words)) == 1
    assert int(words[0]) >= int(said[-1])


@pytest.mark.parametrize("seed", range(4))
def test_a_key_that_was_used_is_there(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = struck.crash(MAKE_KEYS, lines=chance.randrange(1, 60), chance=chance)
    for number, key in enumerate(said):
        assert (struck.place / "keys" / str(number)).read_bytes().hex() == key
        assert len(key) == 2 * KEY_BYTES
