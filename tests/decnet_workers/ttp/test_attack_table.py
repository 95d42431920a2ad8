# SPDX-License-Identifier: MIT
from __future__ import annotations

from decnet_workers.ttp.attack import TACTICS, fate, technique, technique_ids


def test_a_sub_technique_has_its_parents_name_and_tactics() -> None:
    found = technique("T1110.001")
    assert found is not None
    assert (found.name, found.tactics) == ("Brute Force: Password Guessing", ("credential-access",))


def test_a_revoked_technique_names_its_successor() -> None:
    assert technique("T1002") is None
    assert fate("T1002") == "T1560"
    assert fate("T1110") is None
    assert fate("T9999") is None


def test_every_living_technique_has_a_name_and_known_tactics() -> None:
    ids = technique_ids()
    assert len(ids) == len(set(ids)) == 691
    for number in ids:
        found = technique(number)
        assert found is not None
        assert found.name
        assert set(found.tactics) <= set(TACTICS)
        assert found.tactics
