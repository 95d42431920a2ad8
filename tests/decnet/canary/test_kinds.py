# SPDX-License-Identifier: MIT
"""Every kind of token makes bait that leads to its token."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from tests.decnet.command_result import Run

from decnet.canary.certificates import AuthorityError, make_authority
from decnet.canary.kinds.credentials.fingerprint import fingerprint
from decnet.canary.kinds.kind import Bait
from decnet.canary.kinds.registry import MODULES, kind_named
from decnet.canary.tokens import Options, new_bait
from decnet.cli.errors import WrongUsageError
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet_core.canary import canary_key, verify
from decnet_models.canary.blobs import content_of
from decnet_models.canary.queries import token_named, token_recognised_by, tokens
from decnet_workers.canary.redirects import redirect_target
from decnet_workers.canary.wireguard import server_key

OPTIONS = Options(to="https://www.example.net/welcome", site="www.example.net")


@pytest.fixture
def with_receivers(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A fleet that receives by all channels."""
    make_authority(tmp_path / "clients.pem")
    for name, value in (
        ("HTTPS_LISTEN", "127.0.0.1:8443"),
        ("WIREGUARD_LISTEN", "127.0.0.1:51820"),
        ("CLIENT_AUTHORITY", str(tmp_path / "clients.pem")),
    ):
        monkeypatch.setenv(f"DECNET_CANARY_{name}", value)
    return find_deployment()


def searched(bait: Bait) -> str:
    """Return all text in a bait, also what is packed or encoded in it."""
    content = bait.content
    if bait.name.endswith((".docx", ".xlsx", ".pptx")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            content = b"".join(archive.read(name) for name in archive.namelist())
    text = content.decode("utf-16" if bait.name == "desktop.ini" else "utf-8", "ignore")
    return text + content.decode("utf-16-le", "ignore") + re.sub("\r\n ", "", text)


def test_every_kind_leads_to_its_token(with_receivers: Deployment) -> None:
    key = canary_key(with_receivers.state.keys)
    with transaction(with_receivers, write=True) as connection:
        for name in MODULES:
            made, bait = new_bait(connection, with_receivers, name, f"a {name}", OPTIONS)
            slug = verify(key, made.token)
            assert slug is not None
            assert slug.kind is kind_named(name).slug
            assert content_of(connection, made.token) == (bait.content if bait.name else None)
            if name not in ("qr", "ssh-key", "wireguard"):  # see below
                assert made.token in searched(bait), name
            assert kind_named(name).trips
            assert kind_named(name).reveals
        with pytest.raises(WrongUsageError, match=r"leads to \(to\)"):
            new_bait(connection, with_receivers, "redirect", "x", Options())


def test_kinds_that_do_not_spell_their_token_are_recognised(with_receivers: Deployment) -> None:
    key = canary_key(with_receivers.state.keys)
    with transaction(with_receivers, write=True) as connection:
        made, bait = new_bait(connection, with_receivers, "ssh-key", "x", OPTIONS)
        private = load_ssh_private_key(bait.content, None)
        assert isinstance(private, Ed25519PrivateKey)
        public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        found = token_recognised_by(connection, fingerprint(public))
        assert found is not None
        assert found.token == made.token
        wireguard = [new_bait(connection, with_receivers, "wireguard", "x", OPTIONS) for _ in range(2)]
        for one, file in wireguard:
            assert base64.b64encode(server_key(key, one.token)) in file.content
        assert wireguard[0][0].token != wireguard[1][0].token
        redirect, link = new_bait(connection, with_receivers, "redirect", "x", OPTIONS)
    assert redirect_target(key, redirect.token, link.content.decode()) == OPTIONS.to
    assert redirect_target(key, wireguard[0][0].token, link.content.decode()) is None


def test_kubeconfig_has_a_certificate_of_the_authority(with_receivers: Deployment, tmp_path: Path) -> None:
    with transaction(with_receivers, write=True) as connection:
        made, bait = new_bait(connection, with_receivers, "kubeconfig", "x", OPTIONS)
    encoded = re.search(rb"client-certificate-data: (\S+)", bait.content)
    assert encoded is not None
    certificate = x509.load_pem_x509_certificate(base64.b64decode(encoded[1]))
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate((tmp_path / "clients.pem").read_bytes()))
    assert f"CN={made.token}" in certificate.subject.rfc4514_string()
    with pytest.raises(AuthorityError, match="already"):
        make_authority(tmp_path / "clients.pem")


def test_new_writes_a_file_and_never_over_one(
    run: Run, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("canary", "new", "laptop", "--kind", "login").out == "credentials.txt\n"
    user, password = (tmp_path / "credentials.txt").read_text().strip().split(":")
    assert user == "svc-backup"
    assert verify(canary_key(deployment.state.keys), password) is not None
    again = run("canary", "new", "laptop", "--kind", "login")
    assert again.code == 1
    assert "cannot write credentials.txt: File exists" in again.err
    with transaction(deployment) as connection:
        assert [token.token for token in tokens(connection)] == [password]  # that of the other was not made
    assert run("canary", "new", "x", "--kind", "login", "-o", "-").out.startswith("svc-backup:")


def test_an_unknown_kind_is_refused_with_the_nearest(run: Run, deployment: Deployment) -> None:
    refused = run("canary", "new", "x", "--kind", "dox")
    assert refused.code == 2
    assert "did you mean 'docx'?" in refused.err
    assert run("canary", "new", "x", "--kind", "redirect", "--to", "javascript:alert(1)").code == 2


def test_kinds_are_listed(run: Run) -> None:
    assert [one["kind"] for one in run("canary", "kinds", "--json").document] == list(MODULES)


def test_a_disabled_token_is_listed_as_such_and_enabled_again(run: Run, deployment: Deployment) -> None:
    url = run("canary", "new", "wiki").out.strip()
    assert "uses are not announced" in run("canary", "disable", url).out
    assert "url (disabled)" in run("canary", "list").out
    assert "uses are announced" in run("canary", "enable", url.rpartition("/")[2].upper()).out
    assert "removed" in run("canary", "remove", url).out
    missing = run("canary", "remove", url)
    assert (missing.code, "there is no token" in missing.err) == (1, True)


def test_an_export_is_imported_whole_and_once(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    token = run("canary", "new", "share", "--kind", "docx", "-o", str(tmp_path / "a.docx"), "--json").document["token"]
    assert run("canary", "export", str(tmp_path / "all.json")).code == 0
    assert (tmp_path / "all.json").stat().st_mode & 0o077 == 0
    run("canary", "remove", token)
    assert run("canary", "import", str(tmp_path / "all.json")).out == "1 tokens added, 0 known already\n"
    assert run("canary", "import", str(tmp_path / "all.json")).out == "0 tokens added, 1 known already\n"
    with transaction(deployment) as connection:
        assert content_of(connection, token) == (tmp_path / "a.docx").read_bytes()
        found = token_named(connection, token)
    assert found is not None
    assert (found.kind, found.label) == ("docx", "share")


def test_tokens_of_another_key_are_not_imported(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    run("canary", "new", "share")
    document = json.loads(run("canary", "export").out)
    document["tokens"][0]["token"]["token"] = "a" * 24
    (tmp_path / "other.json").write_text(json.dumps(document))
    refused = run("canary", "import", str(tmp_path / "other.json"))
    assert refused.code == 1
    assert "made with another key" in refused.err
    (tmp_path / "other.json").write_text("<xml>")
    assert "this is no document" in run("canary", "import", str(tmp_path / "other.json")).err


def test_to_describe_all_kinds_needs_nothing_that_makes_keys() -> None:
    """Whoever lists them, such as the API for a page of the dashboard, would keep 4 MiB of it."""
    look = (
        "import sys; from decnet.canary.kinds.registry import MODULES, kind_named; [*map(kind_named, MODULES)]; "
        "print([name for name in ('cryptography', 'segno', 'pikepdf') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
