# SPDX-License-Identifier: MIT
"""Who may speak TLS with whom: real handshakes in memory, with every wrong certificate we could think of."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_pki import master, sensor

from decnet_swarm.pki import authority, bootstrap_ca, contexts, files
from decnet_swarm.pki.admission import Admission, Admitted, Refusal
from decnet_swarm.pki.authority import Signer
from decnet_swarm.pki.contexts import Reloaded, forwarder_context, listener_context
from decnet_swarm.pki.names import Role
from decnet_swarm.pki.pinning import WrongPeerError, check_listener

NOW = dt.datetime.now(dt.UTC)


def shaken(client: ssl.SSLContext, server: ssl.SSLContext) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Return both ends after their handshake; raises ssl.SSLError as the side that refuses does."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname="master")
    there = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [here, there]
    for _ in range(20):
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
        if not waiting:
            return here, there
    raise AssertionError("the handshake does not end")


class Fleet:
    """A master and one sensor."""

    def __init__(self, tmp_path: Path) -> None:
        self.state = tmp_path / "master"
        self.listener = master(self.state)
        self.forwarder = sensor(self.state, files.forwarder_folder(tmp_path / "sensor"))
        self.root = Signer.from_pem((files.authority_folder(self.state) / files.ROOT_KEY).read_bytes())
        self.issuing = Signer.from_pem((self.listener / files.ISSUING).read_bytes())

    def identity(self, folder: Path, above: Signer, role: Role, **dates: object) -> None:
        """Put another identity into `folder`."""
        key = authority.new_key()
        when = dates.get("now", NOW)
        assert isinstance(when, dt.datetime)
        made = authority.member(above, role, "x", key.public_key(), now=when, days=1)
        chain = authority.certificate_pem(made, above.certificate)
        files.write(folder / files.IDENTITY, authority.key_pem(key) + chain)

    def shake(self) -> tuple[ssl.SSLObject, ssl.SSLObject]:
        return shaken(forwarder_context(self.forwarder), listener_context(self.listener))


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_sensor_and_listener_know_each_other(fleet: Fleet) -> None:
    here, there = fleet.shake()
    assert here.version() == "TLSv1.3"
    check_listener(fleet.forwarder, here)
    found = Admission(fleet.listener).admit(there.getpeercert(binary_form=True))
    assert isinstance(found, Admitted)
    assert (found.name, found.role) == ("berlin-1", Role.FORWARDER)


def test_peer_of_tls_1_2_is_taken_and_older_ones_are_not(fleet: Fleet) -> None:
    client = forwarder_context(fleet.forwarder)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    here, _ = shaken(client, listener_context(fleet.listener))
    assert here.version() == "TLSv1.2"
    assert listener_context(fleet.listener).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_without_a_certificate_is_rejected(fleet: Fleet) -> None:
    client = contexts.client_context()
    client.load_verify_locations(fleet.forwarder / files.AUTHORITY)
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        shaken(client, listener_context(fleet.listener))


def test_certificate_of_another_authority_is_refused_by_either_side(fleet: Fleet, tmp_path: Path) -> None:
    other = Fleet(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(forwarder_context(other.forwarder), listener_context(fleet.listener))
    client = forwarder_context(other.forwarder)
    client.load_verify_locations(fleet.forwarder / files.AUTHORITY)  # so that the sensor does not refuse first
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(client, listener_context(fleet.listener))


def test_expired_certificate_is_refused_by_either_side(fleet: Fleet) -> None:
    good = (fleet.listener / files.IDENTITY).read_bytes()
    fleet.identity(fleet.listener, fleet.root, Role.LISTENER, now=NOW - dt.timedelta(days=3))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        fleet.shake()
    files.write(fleet.listener / files.IDENTITY, good)
    fleet.identity(fleet.forwarder, fleet.issuing, Role.FORWARDER, now=NOW - dt.timedelta(days=3))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        fleet.shake()


def test_clock_that_is_hours_late_does_no_harm_and_days_do(fleet: Fleet) -> None:
    fleet.identity(fleet.listener, fleet.root, Role.LISTENER, now=NOW + dt.timedelta(hours=23))
    fleet.shake()
    fleet.identity(fleet.listener, fleet.root, Role.LISTENER, now=NOW + dt.timedelta(hours=25))
    with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
        fleet.shake()


def test_sensor_cannot_be_a_listener_nor_a_listener_a_sensor(fleet: Fleet) -> None:
    sensors, listeners = forwarder_context(fleet.forwarder), listener_context(fleet.listener)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(fleet.forwarder / files.IDENTITY)
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shaken(sensors, serving)
    calling = contexts.client_context()
    calling.load_verify_locations(fleet.listener / files.AUTHORITY)
    calling.load_cert_chain(fleet.listener / files.IDENTITY)
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shaken(calling, listeners)


def test_a_stolen_issuing_key_cannot_impersonate_the_master(fleet: Fleet) -> None:
    fleet.identity(fleet.listener, fleet.issuing, Role.LISTENER)
    with pytest.raises(ssl.SSLCertVerificationError):
        fleet.shake()


def test_a_stolen_issuing_key_makes_no_member(fleet: Fleet) -> None:
    fleet.identity(fleet.forwarder, fleet.issuing, Role.FORWARDER)
    _, there = fleet.shake()
    found = Admission(fleet.listener).admit(there.getpeercert(binary_form=True))
    assert isinstance(found, Refusal)
    assert "not registered" in found.reason


def test_server_of_this_authority_with_another_role_is_no_listener(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Role, "uri", property(lambda _: "decnet:role:something"))
    fleet.identity(fleet.listener, fleet.root, Role.LISTENER)
    monkeypatch.undo()
    here, _ = fleet.shake()
    with pytest.raises(WrongPeerError, match="no listener"):
        check_listener(fleet.forwarder, here)


def test_listener_with_another_key_is_not_the_one_that_was_pinned(fleet: Fleet) -> None:
    fleet.identity(fleet.listener, fleet.root, Role.LISTENER)
    here, _ = fleet.shake()
    with pytest.raises(WrongPeerError, match="another key"):
        check_listener(fleet.forwarder, here)


def test_renewed_listener_is_known_by_its_key_and_then_by_its_next_one(fleet: Fleet) -> None:
    serving = Reloaded(listener_context, fleet.listener)
    shown = {fleet.shake()[0].getpeercert(binary_form=True)}
    assert serving.current() is serving.current()
    for new_keys in (False, True):
        bootstrap_ca.renew(fleet.state, [], new_keys=new_keys)
        here, _ = shaken(forwarder_context(fleet.forwarder), serving.current())
        check_listener(fleet.forwarder, here)
        shown.add(here.getpeercert(binary_form=True))
    assert len(shown) == 3


def test_revoked_sensor_is_out_at_the_next_look(fleet: Fleet) -> None:
    admission = Admission(fleet.listener)
    _, there = fleet.shake()
    shown = there.getpeercert(binary_form=True)
    member = admission.admit(shown)
    assert isinstance(member, Admitted)
    assert not admission.refresh()
    bootstrap_ca.revoke(fleet.state, "berlin-1")
    assert admission.refresh()
    found = admission.admit_fingerprint(member.fingerprint)
    assert isinstance(found, Refusal)
    assert "revoked" in found.reason


def test_connection_that_stands_longer_than_its_certificate_is_refused(fleet: Fleet) -> None:
    admission = Admission(fleet.listener)
    member = admission.admit(fleet.shake()[1].getpeercert(binary_form=True))
    assert isinstance(member, Admitted)
    assert isinstance(admission.admit_fingerprint(member.fingerprint, member.not_after - 1), Admitted)
    assert isinstance(admission.admit_fingerprint(member.fingerprint, member.not_after), Refusal)


def test_damaged_registry_leaves_the_members_that_were_known(fleet: Fleet) -> None:
    admission = Admission(fleet.listener)
    shown = fleet.shake()[1].getpeercert(binary_form=True)
    path = fleet.listener / "registry.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:20])
    assert not admission.refresh()
    assert isinstance(admission.admit(shown), Admitted)
    path.unlink()
    path.write_bytes(whole)
    assert admission.refresh()


def test_damaged_identity_leaves_the_context_that_was_loaded(fleet: Fleet) -> None:
    serving = Reloaded(listener_context, fleet.listener)
    before = serving.current()
    files.write(fleet.listener / files.IDENTITY, b"half a file")
    assert serving.current() is before
    with pytest.raises(files.NotEnrolledError, match="cannot be used"):
        listener_context(fleet.listener)
