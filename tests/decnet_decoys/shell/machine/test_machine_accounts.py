# SPDX-License-Identifier: MIT
"""What the password file of a decky shows."""

from __future__ import annotations

import re

import pytest

from decnet_decoys.personas.catalog import persona as load
from decnet_decoys.shell.machine.files.account_files import own_field
from decnet_decoys.shell.machine.image import build
from decnet_decoys.shell.machine.shown_network import shown_network


@pytest.mark.parametrize("persona", ["debian-web", "ubuntu-db", "nas"])
def test_each_account_has_a_hash_of_its_own_that_looks_real(persona: str) -> None:
    machines = [build(load(persona), host, shown_network("10.20.0.10", 24), 0) for host in ("a", "b")]
    fields = [own_field(one, user) for one in machines for user in one.users if user.passwords]
    assert len(set(fields)) == len(fields)
    assert all(re.fullmatch(r"\$y\$j9T\$[./0-9A-Za-z]{22}\$[./0-9A-Za-z]{43}", field) for field in fields)
