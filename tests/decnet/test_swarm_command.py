# SPDX-License-Identifier: MIT
"""`decnet swarm`: one command to paste, and a list that tells who may send."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment
from decnet.swarm.listener_identity import create_if_listening
from decnet_core.deckies.orders import Contact, contacts_folder
from decnet_core.settings import Settings
from decnet_core.timing.durations import SECOND_NS
from decnet_swarm.pki import authority, files
from decnet_swarm.pki.admission import Admission, Admitted, Refusal
from decnet_swarm.pki.der import fingerprint
from decnet_swarm.pki.token import Token, decode_token


@pytest.fixture
def swarm(deployment: Deployment) -> Path:
    """Return the state directory of a fleet whose listener is set; it does not run."""
    os.environ["DECNET_LISTENER_LISTEN"] = "0.0.0.0:6514"
    os.environ["DECNET_LISTENER_PUBLIC"] = "master.example"
    return deployment.state.root


def request_file(folder: Path) -> Path:
    path = folder / "request.pem"
    path.write_text(authority.request(authority.new_key(), "x"))
    return path


def admitted(swarm: Path, chain: str) -> Admitted | Refusal:
    return Admission(files.listener_folder(swarm)).admit(files.certificate_in(chain))


def test_token_is_one_command_to_paste_and_pins_the_authority(swarm: Path, run: Run) -> None:
    said = run("swarm", "token", "berlin-1")
    assert said.code == 0, said.err
    program, command, *options = said.out.split()
    assert (program, command) == ("decnet-forwarder", "enrol")
    assert options[:3] == ["--master", "master.example:6515", "--token"]
    token = decode_token(options[3])
    assert isinstance(token, Token)
    assert token.name == "berlin-1"
    pem = run("swarm", "authority").out
    assert token.authority.hex() == fingerprint(files.certificate_in(pem))
    assert token.secret.hex() not in (files.listener_folder(swarm) / "registry.json").read_text()
    assert "24h" in said.err or "23h" in said.err or "1d" in said.err


@pytest.mark.parametrize(
    ("said", "shown"),
    [("10.0.0.1", "10.0.0.1:6515"), ("m.example:99", "m.example:99"), ("[2001:db8::1]", "[2001:db8::1]:6515")],
)
@pytest.mark.usefixtures("swarm")
def test_master_may_be_named_as_the_sensor_reaches_it(said: str, shown: str, run: Run) -> None:
    made = run("swarm", "token", "berlin-1", "--master", said, "--json").document
    assert made["master"] == shown
    assert f"--master {shown} --token {made['token']}" in made["command"]


def test_master_is_never_called_localhost(swarm: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    del os.environ["DECNET_LISTENER_PUBLIC"]
    monkeypatch.setattr("socket.getfqdn", lambda: "localhost.localdomain")
    monkeypatch.setattr("socket.gethostname", lambda: "sentry")
    assert run("swarm", "token", "berlin-1", "--json").document["master"] == "sentry:6515"
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    said = run("swarm", "token", "berlin-1")
    assert said.code == 2
    assert "--master" in said.err
    assert files.is_bootstrapped(swarm)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["token", "no name"], 1, "letters and digits"),
        (["token", "x", "--master", "a:b:c"], 2, "brackets"),
        (["enrol", "x", "--csr", "/nowhere"], 2, "cannot be read"),
        (["revoke", "nobody"], 1, "no swarm here yet"),
        (["renew"], 1, "no swarm here yet"),
        (["authority"], 1, "no swarm here yet"),
    ],
)
@pytest.mark.usefixtures("swarm")
def test_an_impossible_request_is_reported_in_one_line(arguments: list[str], code: int, words: str, run: Run) -> None:
    said = run("swarm", *arguments)
    assert said.code == code
    assert words in said.err
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("deployment")
def test_fleet_without_a_listener_says_which_setting_it_wants(run: Run) -> None:
    said = run("swarm", "token", "berlin-1")
    assert said.code == 78
    assert 'listen = "0.0.0.0:6514"' in said.err


def test_request_brought_by_hand_becomes_a_member_and_revoking_ends_that(swarm: Path, run: Run, tmp_path: Path) -> None:
    chain = run("swarm", "enrol", "router", "--csr", str(request_file(tmp_path))).out
    assert isinstance(admitted(swarm, chain), Admitted)
    assert run("swarm", "enrol", "router", "--csr", str(request_file(tmp_path))).code == 1
    assert run("swarm", "revoke", "router").code == 0
    assert isinstance(admitted(swarm, chain), Refusal)
    assert [(one["name"], one["state"]) for one in run("swarm", "list", "--json").document["sensors"]] == [
        ("router", "revoked")
    ]
    assert run("swarm", "forget", "router").code == 0
    assert run("swarm", "list", "--json").document["sensors"] == []
    for command, words in (("revoke", "there is no sensor router"), ("forget", "there is no revoked sensor router")):
        said = run("swarm", command, "router")
        assert said.code == 1
        assert words in said.err


def test_list_shows_members_and_tokens_that_wait(swarm: Path, run: Run, tmp_path: Path) -> None:
    assert "decnet swarm token" in run("swarm", "list").out
    run("swarm", "token", "berlin-1")
    run("swarm", "enrol", "router", "--csr", str(request_file(tmp_path)), "--days", "30")
    (swarm / "positions" / "listener.json").write_text('{"sensors":{"router":{"spools":{},"stored_at":1795478400}}}')
    heard = Contact("router", 1795478460 * SECOND_NS)
    contacts_folder(swarm).mkdir(parents=True)
    (contacts_folder(swarm) / "router.json").write_bytes(msgspec.json.encode(heard))
    shown = run("swarm", "list").out.splitlines()
    assert shown[1].split()[:2] == ["router", "enrolled"]
    assert "by hand" in shown[1]
    assert shown[1].endswith("2026-11-24 00:00:00Z  2026-11-24 00:01:00Z")
    now = msgspec.structs.replace(heard, connected=True)
    (contacts_folder(swarm) / "router.json").write_bytes(msgspec.json.encode(now))
    assert run("swarm", "list").out.splitlines()[1].endswith("2026-11-24 00:00:00Z  connected")
    assert shown[2].split()[:2] == ["berlin-1", "waiting"]


@pytest.mark.usefixtures("swarm")
def test_listener_is_renewed_and_the_authority_stays(run: Run) -> None:
    run("swarm", "token", "berlin-1")
    before = run("swarm", "authority").out
    made = run("swarm", "renew", "--json").document
    assert len(made["pins"]) == 2
    assert run("swarm", "renew", "--new-keys", "--json").document["pins"][0] == made["pins"][1]
    assert run("swarm", "authority").out == before


def test_fleet_bootstraps_a_swarm_only_with_a_listener(tmp_path: Path) -> None:
    create_if_listening(Settings({}, {}, "test"), tmp_path)
    assert not (tmp_path / "swarm").exists()
    create_if_listening(Settings({"listener": {"listen": "127.0.0.1:0"}}, {}, "test"), tmp_path)
    assert files.is_bootstrapped(tmp_path)
