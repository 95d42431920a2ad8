# SPDX-License-Identifier: MIT
"""The operator's side: what is founded, what it may be used for, and what a crash leaves."""

from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from tests.decnet_swarm.swarm_pki import issued_token, master, sensor, signing_request

from decnet_swarm.enrolment.messages import Issued, Refused
from decnet_swarm.enrolment.signer_child import sign
from decnet_swarm.pki import authority, bootstrap_ca, files
from decnet_swarm.pki.admission import Admission, Admitted, Refusal
from decnet_swarm.pki.bootstrap_ca import BootstrapError
from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.files import NotEnrolledError, certificate_in, validity
from decnet_swarm.pki.listener_identity import pins
from decnet_swarm.pki.registry_file import load


class Killed(BaseException):
    """The process ends here."""


def test_what_is_founded_belongs_to_its_owner_only(tmp_path: Path) -> None:
    sensor(tmp_path, files.forwarder_folder(tmp_path / "there")) if master(tmp_path) else None
    found = [*(tmp_path / "swarm").rglob("*"), *(tmp_path / "there" / "swarm").rglob("*")]
    modes = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) for path in found}
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_dir()} == {0o700}


def test_founding_goes_on_after_a_crash_at_any_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = files.write
    for step in range(10):
        state, left = tmp_path / str(step), step

        def write(path: Path, content: bytes) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            whole(path, content)

        with monkeypatch.context() as patched:
            patched.setattr(files, "write", write)
            try:
                bootstrap_ca.bootstrap(state, [])
            except Killed:
                assert not files.is_bootstrapped(state)
            else:
                return
        assert bootstrap_ca.bootstrap(state, [])
        assert not bootstrap_ca.bootstrap(state, [])
        sensor(state, files.forwarder_folder(state))
    pytest.fail("it never came to its end")


def test_founding_again_changes_nothing(tmp_path: Path) -> None:
    folder = master(tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert not bootstrap_ca.bootstrap(tmp_path, ["other.example"])
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_name_of_a_member_needs_replace_and_its_old_certificate_is_out(tmp_path: Path) -> None:
    folder = master(tmp_path)
    here = sensor(tmp_path, files.forwarder_folder(tmp_path))
    old = certificate_in((here / files.IDENTITY).read_text())
    with pytest.raises(BootstrapError, match="--replace"):
        issued_token(tmp_path)
    token = issued_token(tmp_path, replaces=True)
    admission = Admission(folder)
    assert isinstance(admission.admit(old), Admitted)
    request = authority.request(authority.new_key(), "x")
    assert isinstance(sign(folder, signing_request(token, request), 1), Issued)
    assert admission.refresh()
    assert isinstance(admission.admit(old), Refusal)


def test_certificate_request_brought_by_hand_makes_a_member(tmp_path: Path) -> None:
    folder = master(tmp_path)
    chain = bootstrap_ca.sign_request(tmp_path, "router", authority.request(authority.new_key(), "whatever"), 30)
    found = Admission(folder).admit(certificate_in(chain))
    assert isinstance(found, Admitted)
    assert found.name == "router"
    leaf, above = x509.load_pem_x509_certificates(chain.encode())
    leaf.verify_directly_issued_by(above)
    assert leaf.subject.rfc4514_string() == "CN=router"


@pytest.mark.parametrize("request_text", ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END", "ä\0"])
def test_what_is_no_request_is_refused_and_spends_no_token(tmp_path: Path, request_text: str) -> None:
    folder = master(tmp_path)
    token = issued_token(tmp_path)
    answer = sign(folder, signing_request(token, request_text), 1)
    assert isinstance(answer, Refused)
    assert answer.reason == "request"
    assert len(load(folder).tokens) == 1


def test_weak_or_foreign_keys_are_not_signed(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    folder, token = master(tmp_path), issued_token(tmp_path)
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP192R1())):
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        answer = sign(folder, signing_request(token, pem), 1)
        assert isinstance(answer, Refused)
        assert "P-256" in answer.text


def test_request_that_somebody_changed_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    folder, token = master(tmp_path), issued_token(tmp_path)
    pem = authority.request(authority.new_key(), "x").encode()
    raw = bytearray(x509.load_pem_x509_csr(pem).public_bytes(serialization.Encoding.DER))
    raw[-1] ^= 1
    changed = x509.load_der_x509_csr(bytes(raw)).public_bytes(serialization.Encoding.PEM).decode()
    assert isinstance(sign(folder, signing_request(token, changed), 1), Refused)
    assert len(load(folder).tokens) == 1


def test_listener_is_renewed_with_the_key_that_sensors_know(tmp_path: Path) -> None:
    folder = master(tmp_path)
    before = pins(folder)
    made = bootstrap_ca.renew(tmp_path, ["other.example"])
    assert made.pins == before
    assert made.fingerprint == fingerprint(certificate_in((folder / files.IDENTITY).read_text()))


def test_listener_takes_its_next_key_when_no_sensor_would_be_lost(tmp_path: Path) -> None:
    folder = master(tmp_path)
    old, following = pins(folder)
    made = bootstrap_ca.renew(tmp_path, [], new_keys=True)
    assert made.pins[0] == following
    assert made.pins[1] not in (old, following)


def test_listener_does_not_use_a_key_that_a_sensor_does_not_pin(tmp_path: Path) -> None:
    folder = master(tmp_path)
    sensor(tmp_path, files.forwarder_folder(tmp_path))
    later = dt.datetime.now(dt.UTC).timestamp() + 100
    os.utime(folder / files.NEXT_KEY, (later, later))
    with pytest.raises(BootstrapError, match="berlin-1"):
        bootstrap_ca.renew(tmp_path, [], new_keys=True)
    bootstrap_ca.renew(tmp_path, [], new_keys=True, force=True)


def test_renewing_without_the_roots_key_says_which_file_is_wanted(tmp_path: Path) -> None:
    master(tmp_path)
    key = files.authority_folder(tmp_path) / files.ROOT_KEY
    key.unlink()
    with pytest.raises(BootstrapError, match=r"root\.pem"):
        bootstrap_ca.renew(tmp_path, [])


def test_a_sensor_without_a_certificate_is_shown_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolledError, match="decnet swarm token"):
        files.enrolled(tmp_path)
    with pytest.raises(NotEnrolledError):
        validity(tmp_path)
