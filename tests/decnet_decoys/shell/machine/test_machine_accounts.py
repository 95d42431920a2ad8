# SPDX-License-Identifier: MIT
"""What the password file of a decky shows."""

from __future__ import annotations

import re

import pytest

from decnet_decoys.personas.catalog import persona as load
from decnet_decoys.shell.machine.image import _locked


@pytest.mark.parametrize("persona", ["debian-web", "ubuntu-db", "nas"])
def test_each_account_has_a_hash_of_its_own_that_looks_real(persona: str) -> None:
    fields = [_locked(host, user) for host in ("a", "b") for user in load(persona).users if user.passwords]
    assert len(set(fields)) == len(fields)
    assert all(re.fullmatch(r"\$y\$j9T\$[./0-9A-Za-z]{22}\$[./0-9A-Za-z]{43}", field) for field in fields)
