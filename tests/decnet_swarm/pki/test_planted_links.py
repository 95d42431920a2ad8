# SPDX-License-Identifier: MIT
"""What root's commands do in a folder whose owner has been taken over and has planted links there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from decnet_core.durable import replace_file
from decnet_swarm.pki import bootstrap_ca, files, token
from decnet_swarm.pki.acting_owner import acting_as_owner
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.registry_file import FILE, LOCK, RegistryError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and a second account")

THIEF = 65534
HOSTS = ["master.example.net"]


@pytest.fixture
def state() -> Iterator[Path]:
    """A master whose listener's folder belongs to another account, as the units have it."""
    root = Path(tempfile.mkdtemp(prefix="decnet-state-"))
    root.chmod(0o755)
    bootstrap_ca.bootstrap(root, HOSTS)
    (root / files.FOLDER).chmod(0o755)
    for path in [files.listener_folder(root), *files.listener_folder(root).iterdir()]:
        os.chown(path, THIEF, THIEF)
    yield root
    shutil.rmtree(root)


@pytest.fixture
def target(state: Path) -> Path:
    """A file that only root may write."""
    path = state / "crontab"
    path.write_text("root's")
    path.chmod(0o644)
    return path


ACTIONS: dict[str, Callable[[Path], object]] = {
    "token": lambda state: bootstrap_ca.issue_token(state, "berlin", 1),
    "revoke": lambda state: bootstrap_ca.revoke(state, "berlin"),
    "forget": lambda state: bootstrap_ca.forget(state, "berlin"),
    "renew": lambda state: bootstrap_ca.renew(state, HOSTS),
    "new keys": lambda state: bootstrap_ca.renew(state, HOSTS, new_keys=True),
}
REPLACED = (FILE, files.AUTHORITY, files.IDENTITY, files.ISSUING, files.NEXT_KEY)
PLANTED = {"beside": [f"{name}.new" for name in REPLACED], "registry": [FILE], "lock": [LOCK]}


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_link_planted_by_the_listener_is_not_followed_by_root(
    state: Path, target: Path, action: str, planted: str
) -> None:
    bootstrap_ca.issue_token(state, "berlin", 1)
    folder = files.listener_folder(state)
    for name in PLANTED[planted]:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)
    before = target.stat()
    with contextlib.suppress(RegistryError, bootstrap_ca.BootstrapError):  # to refuse is as good
        ACTIONS[action](state)
    after = target.stat()
    assert target.read_text() == "root's"
    assert (after.st_uid, after.st_mode, after.st_mtime_ns) == (before.st_uid, before.st_mode, before.st_mtime_ns)
    assert {path.lstat().st_uid for path in folder.iterdir() if not path.is_symlink()} <= {THIEF}
    assert (os.geteuid(), os.getegid()) == (0, 0)


@pytest.mark.parametrize("name", [files.NEXT_KEY, files.IDENTITY])
def test_root_copies_no_key_of_its_own_to_the_listener(state: Path, name: str) -> None:
    folder, own = files.listener_folder(state), files.authority_folder(state) / files.ROOT_KEY
    (folder / name).unlink()
    (folder / name).symlink_to(own)
    with pytest.raises(PermissionError):
        bootstrap_ca.renew(state, HOSTS, new_keys=name == files.NEXT_KEY)
    secret = own.read_bytes().splitlines()[1]
    assert not [path for path in folder.iterdir() if not path.is_symlink() and secret in path.read_bytes()]


def test_what_root_changes_stays_readable_for_the_account_that_uses_it(state: Path) -> None:
    folder = files.listener_folder(state)
    bootstrap_ca.issue_token(state, "berlin-1", 1)
    bootstrap_ca.renew(state, [], new_keys=True)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir()} == {(THIEF, THIEF)}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (files.authority_folder(state) / files.ROOT_KEY).stat().st_uid == 0


@pytest.mark.parametrize("copied_before", [True, False])
def test_a_token_pins_the_operators_root_whatever_the_listener_shows(state: Path, *, copied_before: bool) -> None:
    root = Signer.from_pem((files.authority_folder(state) / files.ROOT_KEY).read_bytes())
    if not copied_before:  # an installation of an earlier version
        (files.authority_folder(state) / files.AUTHORITY).unlink()
    foreign = Path(tempfile.mkdtemp(dir=state))
    bootstrap_ca.bootstrap(foreign, HOSTS)
    shutil.copy(files.listener_folder(foreign) / files.AUTHORITY, files.listener_folder(state) / files.AUTHORITY)
    made = token.decode_token(bootstrap_ca.issue_token(state, "berlin", 1))
    assert isinstance(made, token.Token)
    pem = bootstrap_ca.root_certificate(state)
    assert made.authority.hex() == fingerprint(files.certificate_in(pem))
    assert files.certificate_in(pem) == root.certificate.public_bytes(Encoding.DER)


def test_a_token_needs_no_root_key_once_its_certificate_is_kept(state: Path) -> None:
    (files.authority_folder(state) / files.ROOT_KEY).unlink()
    assert bootstrap_ca.issue_token(state, "berlin", 1)


def test_a_planted_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("kept")
    (tmp_path / "file.new").symlink_to(target)
    replace_file(tmp_path / "file", b"content")
    assert (target.read_text(), (tmp_path / "file").read_bytes()) == ("kept", b"content")
    assert not (tmp_path / "file.new").exists()


def test_acting_as_owner_ends_with_the_block_even_when_it_raises(state: Path) -> None:
    groups = os.getgroups()
    with contextlib.suppress(KeyError), acting_as_owner(files.listener_folder(state)):
        assert (os.geteuid(), os.getgroups()) == (THIEF, [THIEF])
        raise KeyError
    assert (os.geteuid(), os.getegid(), os.getgroups()) == (0, 0, groups)
