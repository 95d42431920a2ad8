# SPDX-License-Identifier: MIT
"""First exchanges with each service: what Debian's servers answered, as recorded, and what the decoys answer.

The oracle test holds the records against the real servers.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.decnet_decoys.services.dialogues import real_servers
from tests.decnet_decoys.services.dialogues.decoys import OTHERWISE, decoy_of
from tests.decnet_decoys.services.dialogues.kinds import KINDS, recorded, server_of
from tests.decnet_decoys.services.dialogues.not_yet import NOT_YET
from tests.ports import free_port, own_address

WAITS = (0.2, 1.0, 4.0)
CHANGE = ("ftp-more", "smtp-more", "ftp-third", "smtp-third", "ftp-fifth", "smtp-fifth", "ftp-sixth", "smtp-sixth")
ONCE = (4.0,)
"""For dialogues that change what is there, so that they cannot be held again."""
REAL_WAITS = (1.0, 4.0, 15.0)
UNSTEADY = {
    "redis-third": {"a user's rights"},  # asked again, the user is there already and has its rights twice
    "telnet-third": {"states at once", "RDP"},  # what a key drops depends on what was read by then
    "inetutils": {"break"},  # it ends login by SIGQUIT: beside other tests it did not, in two runs of three tries each
    "ftp-more": {"AUTH, then plain text"},  # of its two processes, one may be gone before the other complains of it
    "redis-more": {"UNSUBSCRIBE", "EXPIRE's options"},  # a hash's order, seeded at the start; asked again, it differs
}
"""What a real server does not answer twice in the same way."""
RECORDED_ONCE = {
    "mysql-more",
    "mysql-third",
    "mysql-fourth",
    "redis-fourth",
    "mysql-fifth",
    "redis-fifth",
    "mysql-sixth",
    "redis-sixth",
}
"""Counts of the whole server, salts in later packets, rows and keys that other dialogues left or removed: its answers
are those of one run on a new server, as `record.py` makes it."""


@pytest.mark.parametrize("name", NOT_YET)
async def test_the_decoy_answers_the_others_as_recorded(name: str, tmp_path: Path) -> None:
    """Without those that differ, which take minutes: `nox -s realism` says when one does no longer."""
    real = recorded(name)
    assert set(NOT_YET[name]) < set(real)
    equal = {what: answers for what, answers in real.items() if what not in NOT_YET[name]}
    async with decoy_of(name, tmp_path) as (address, port):
        assert not await KINDS[name].differing(address, port, equal, ONCE if "mysql" in name else WAITS)


@pytest.mark.parametrize("name", sorted(set(KINDS) - set(NOT_YET)))
async def test_the_decoy_answers_as_recorded(name: str, tmp_path: Path) -> None:
    async with decoy_of(name, tmp_path) as (address, port):
        wrong = await KINDS[name].differing(address, port, recorded(name), ONCE if name in CHANGE else WAITS)
    assert set(wrong) == set(OTHERWISE.get(name, {}))


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(set(KINDS) - RECORDED_ONCE))
async def test_the_real_server_answers_as_recorded(name: str, tmp_path: Path) -> None:
    server = server_of(name)
    if real_servers.missing(server):
        pytest.skip(real_servers.missing(server))
    address = own_address(63)
    port = free_port(address)
    async with real_servers.real_server(server, address, port):
        said = {what: answers for what, answers in recorded(name).items() if what not in UNSTEADY.get(name, ())}
        assert not await KINDS[name].differing(address, port, said, REAL_WAITS)
