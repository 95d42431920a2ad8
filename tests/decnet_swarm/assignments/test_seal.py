# SPDX-License-Identifier: MIT
"""What a listener signs is verified by those who enrolled with its fleet, for whom it is, and as it was."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.decnet_swarm.swarm_pki import master, sensor

from decnet_core.deckies.orders import Assignment, Order
from decnet_swarm.assignments.child import SealError, signed, verified_content
from decnet_swarm.assignments.envelope import Collected, Envelope, envelope_in, parts
from decnet_swarm.assignments.seal import BadSealError, sign, verified
from decnet_swarm.pki import files

ORDER = Order(name="shop", host_name="shop", runtime="loopback", addresses=(), persona="debian-web", version=3)
ASSIGNMENT = Assignment("berlin-1", (ORDER,), {"debian-web": {"os": "Debian"}}, 7)
CONTENT = msgspec.json.encode(ASSIGNMENT)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fleet")
    master(root / "master")
    sensor(root / "master", root / "sensor")
    return root


def test_children_sign_and_verify(fleet: Path) -> None:
    folder = files.listener_folder(fleet / "master")
    envelope = signed(CONTENT, folder / files.IDENTITY)
    authority = fleet / "sensor" / files.AUTHORITY
    assert verified_content(envelope, authority, "berlin-1") == CONTENT
    with pytest.raises(SealError, match="for another sensor"):
        verified_content(envelope, authority, "paris-2")
    with pytest.raises(SealError, match="damaged"):
        verified_content(envelope[:-9], authority, "berlin-1")


def test_what_was_changed_or_signed_by_others_is_refused(fleet: Path, tmp_path: Path) -> None:
    identity = (files.listener_folder(fleet / "master") / files.IDENTITY).read_bytes()
    root = (fleet / "sensor" / files.AUTHORITY).read_bytes()
    envelope = sign(CONTENT, identity)
    assert verified(envelope, root, "berlin-1") == ASSIGNMENT
    changed = msgspec.structs.replace(envelope, content=CONTENT.replace(b"shop", b"ship"))
    with pytest.raises(BadSealError, match="changed after"):
        verified(changed, root, "berlin-1")
    other = sign(CONTENT, (master(tmp_path / "other") / files.IDENTITY).read_bytes())
    with pytest.raises(BadSealError, match="not signed by a listener of the fleet"):
        verified(other, root, "berlin-1")
    member = sign(CONTENT, (fleet / "sensor" / files.IDENTITY).read_bytes())
    with pytest.raises(BadSealError, match="listener"):
        verified(member, root, "berlin-1")
    nonsense = Envelope(CONTENT, "no certificate", b"")
    with pytest.raises(BadSealError):
        verified(nonsense, root, "berlin-1")


def test_parts_are_joined_in_their_order_or_not_at_all() -> None:
    whole = bytes(range(256)) * 5000
    sent = list(parts(9, whole))
    assert len(sent) > 2
    collected = Collected()
    assert [collected.add(part) for part in sent] == [None] * (len(sent) - 1) + [whole]
    assert collected.add(sent[1]) is None
    assert [collected.add(part) for part in (sent[0], *sent[2:])] == [None] * (len(sent) - 1)
    assert envelope_in(whole) is None
