# SPDX-License-Identifier: MIT
"""The identifier that tells the deckies of two fleets apart."""

from pathlib import Path

import pytest

from decnet_core.exits import StartupError
from decnet_core.placement.fleet_id import fleet_id


def test_fleet_keeps_its_identifier_and_another_has_another(tmp_path: Path) -> None:
    ours = fleet_id(tmp_path / "ours")
    assert fleet_id(tmp_path / "ours") == ours
    assert fleet_id(tmp_path / "theirs") != ours


def test_damaged_identifier_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "fleet").write_bytes(b"\xff\x00")
    with pytest.raises(StartupError, match="fleet does not hold"):
        fleet_id(tmp_path)
    assert (tmp_path / "fleet").read_bytes() == b"\xff\x00"
