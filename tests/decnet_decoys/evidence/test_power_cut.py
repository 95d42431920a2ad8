# SPDX-License-Identifier: MIT
"""The power is cut while files are captured."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.power_cut import MISSING, Disk, disk

from decnet_decoys.evidence.artifact_store import ArtifactStore

pytestmark = [pytest.mark.fault, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

CAPTURE = """
import itertools, sys
from pathlib import Path
from decnet_decoys.evidence.artifact_store import ArtifactStore
root = Path(sys.argv[1])
(root / "artifacts").mkdir()
store = ArtifactStore(root / "artifacts", 20 << 20)
for number in itertools.count():
    if number % 2:
        (root / "recording").write_bytes(b"%d " % number * 3000)
        store.adopt(root / "recording")
    else:
        store.keep(b"%d " % number * 3000)
    if number % 5 == 4:
        store.sync()
        print(number, flush=True)
"""


@pytest.fixture
def struck(tmp_path: Path) -> Iterator[Disk]:
    with disk(tmp_path) as made:
        yield made


@pytest.mark.parametrize("seed", range(4))
def test_a_captured_file_that_was_synced_is_there_and_whole(struck: Disk, seed: int) -> None:
    chance = random.Random(seed)
    said = struck.crash(CAPTURE, lines=chance.randrange(1, 30), chance=chance)
    store = ArtifactStore(struck.place / "artifacts", 20 << 20)
    contents = [b"%d " % number * 3000 for number in range(int(said[-1]) + 1)]
    for content in contents:
        assert store.path(hashlib.sha256(content).hexdigest()).read_bytes() == content
    for file in (struck.place / "artifacts").glob("??/*"):
        whole = b"%d " % int(file.read_bytes().partition(b" ")[0] or b"0") * 3000
        assert whole.startswith(file.read_bytes())
