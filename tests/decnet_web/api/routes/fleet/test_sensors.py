# SPDX-License-Identifier: MIT
"""Sensors: one command to enrol with, shown once; revoked, renewed; what is said when nobody can reach this host."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.decnet_web.api.routes.fleet.unwritable import unwritable
from tests.decnet_web.api.served import Served, serving

from decnet.fleet.deployment import transaction
from decnet.swarm import bundle
from decnet_core.settings import Settings
from decnet_models.accounts.audit import entries
from decnet_swarm.pki import authority, files
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet


@pytest.fixture
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fleet")) as served:
        yield served


@pytest.fixture
def served(deaf: Served) -> Iterator[Served]:
    """A fleet whose listener is set."""
    root = str(deaf.deployment.state.root)
    sections = {"state": {"dir": root}, "listener": {"listen": "0.0.0.0:6514", "public": "master.example"}}
    deployment = msgspec.structs.replace(deaf.deployment, settings=Settings(sections, {}, ""))
    fleet = Fleet(deployment)
    yield msgspec.structs.replace(deaf, application=make_application(fleet), deployment=deployment)
    fleet.close()


async def test_a_sensor_is_enrolled_with_one_command_that_is_shown_once(served: Served) -> None:
    async with served.client("admin") as client:
        made = await client.post("/api/v1/sensors/enrolments", json={"name": "berlin-1", "hours": 2})
        assert made.status_code == 201
        offer = made.json()
        assert offer["command"] == f"decnet-forwarder enrol --master master.example:6515 --token {offer['token']}"
        listed = await client.get("/api/v1/sensors")
    assert offer["token"] not in listed.text
    (one,) = listed.json()["items"]
    assert (one["name"], one["state"], one["silent_seconds"]) == ("berlin-1", "waiting", None)
    assert listed.json()["listening"]
    with transaction(served.deployment) as connection:
        assert offer["token"] not in str(entries(connection, 1))


async def test_a_request_is_signed_and_the_sender_revoked_and_forgotten(served: Served) -> None:
    request = authority.request(authority.new_key(), "x")
    async with served.client("admin") as client:
        signed = await client.post("/api/v1/sensors/requests", json={"name": "rsyslog", "request": request})
        assert signed.status_code == 201
        assert signed.json()["chain"].startswith("-----BEGIN CERTIFICATE-----")
        (one,) = (await client.get("/api/v1/sensors")).json()["items"]
        assert (one["state"], len(one["fingerprints"])) == ("enrolled", 1)
        assert (await client.get("/api/v1/sensors/authority")).json()["certificate"] == signed.json()["authority"]
        assert (await client.delete("/api/v1/sensors/rsyslog")).status_code in (404, 409)
        assert (await client.post("/api/v1/sensors/rsyslog/revoke")).status_code == 204
        (one,) = (await client.get("/api/v1/sensors")).json()["items"]
        assert one["state"] == "revoked"
        assert (await client.delete("/api/v1/sensors/rsyslog")).status_code == 204
        assert (await client.get("/api/v1/sensors")).json()["items"] == []
        assert (await client.post("/api/v1/sensors/renew", json={})).status_code == 200


async def test_what_only_the_keys_owner_may_do_is_answered_with_the_command_for_the_host(served: Served) -> None:
    async with served.client("admin") as client:
        assert (await client.post("/api/v1/sensors/enrolments", json={"name": "berlin-1"})).status_code == 201
        folder = files.listener_folder(served.deployment.state.root)
        with unwritable(folder):
            refused = await client.post("/api/v1/sensors/enrolments", json={"name": "$(reboot)"})
            revoked = await client.post("/api/v1/sensors/berlin-1/revoke")
        assert revoked.json()["command"] == "decnet swarm revoke berlin-1"
        (one,) = (await client.get("/api/v1/sensors")).json()["items"]
        assert one["state"] == "waiting"
    assert [answer.status_code for answer in (refused, revoked)] == [409, 409]
    assert "as root: decnet swarm revoke berlin-1" in revoked.json()["detail"]


async def test_bad_requests_are_refused(served: Served) -> None:
    async with served.client("admin") as client:
        for body in (
            {"name": "no name"},
            {"name": "../x"},
            {"name": "a", "hours": 0},
            {"name": "a", "master": "a:b:c"},
        ):
            answer = await client.post("/api/v1/sensors/enrolments", json=body)
            assert answer.status_code in (409, 422), body
        bad = await client.post("/api/v1/sensors/requests", json={"name": "x", "request": "no pem"})
        assert bad.status_code == 409
        assert (await client.post("/api/v1/sensors/nobody/revoke")).status_code == 404
    async with served.client("analyst") as client:
        assert (await client.post("/api/v1/sensors/enrolments", json={"name": "a"})).status_code == 403


async def test_where_no_sensor_can_reach_this_host_it_is_said_what_to_set(deaf: Served) -> None:
    async with deaf.client("admin") as client:
        listed = (await client.get("/api/v1/sensors")).json()
        assert (listed["listening"], listed["items"]) == (False, [])
        refused = await client.post("/api/v1/sensors/enrolments", json={"name": "berlin-1"})
    assert refused.status_code == 409
    assert "[listener]" in refused.json()["detail"]


async def test_a_bundle_is_a_program_with_wheels_and_token_and_leaves_no_file(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served.client("admin") as client:
        monkeypatch.setattr(bundle, "default_wheelhouse", lambda: tmp_path)
        without = await client.post("/api/v1/sensors/bundles", json={"name": "berlin-2"})
        assert without.status_code == 409
        assert "make wheels" in without.json()["detail"]
        (tmp_path / "sensor.txt").write_text("h11==0.16.0\n")
        for name in ("h11-0.16.0-py3-none-any.whl", "pip-26.3-py3-none-any.whl"):
            (tmp_path / name).write_bytes(name.encode())
        made = await client.post("/api/v1/sensors/bundles", json={"name": "berlin-2"})
        assert made.status_code == 200
        assert 'filename="berlin-2.pyz"' in made.headers["content-disposition"]
        assert made.headers["cache-control"] == "no-store"
        (one,) = (await client.get("/api/v1/sensors")).json()["items"]
    assert (one["name"], one["state"]) == ("berlin-2", "waiting")
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        order = json.loads(archive.read("order.json"))
        assert archive.read("wheels/h11-0.16.0-py3-none-any.whl") == b"h11-0.16.0-py3-none-any.whl"
    assert (order["name"], order["master"]) == ("berlin-2", "master.example:6515")
    assert list(served.deployment.state.run_of("api").glob("bundle-*")) == []
    with transaction(served.deployment) as connection:
        assert entries(connection, 1)[0].action == "sensor.bundle"
        assert order["token"] not in str(entries(connection, 1))
