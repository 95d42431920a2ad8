# SPDX-License-Identifier: MIT
"""When the process of decoys asks to be replaced, and what it holds before anybody has come."""

from __future__ import annotations

import asyncio
import importlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.host_key_files import give_host_keys

from decnet_core.state import State
from decnet_decoys import quiet_times, worker
from decnet_decoys.quiet_times import QUIET_SECONDS, QuietTimes
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.ssh.service import SshService

LOADED = frozenset({"asyncssh"})


def test_a_process_that_nobody_visits_any_more_is_replaced_once_in_a_while() -> None:
    quiet = QuietTimes(0)
    assert not quiet.worth_replacing(QUIET_SECONDS - 1, open_places=0, admitted=0, modules=LOADED)
    assert quiet.worth_replacing(QUIET_SECONDS, open_places=0, admitted=0, modules=LOADED)
    assert not quiet.worth_replacing(QUIET_SECONDS + 1, open_places=0, admitted=0, modules=LOADED)
    assert quiet.worth_replacing(2 * QUIET_SECONDS, open_places=0, admitted=0, modules=LOADED)


def test_one_that_holds_nothing_large_stays() -> None:
    assert not QuietTimes(0).worth_replacing(QUIET_SECONDS, open_places=0, admitted=0, modules={"asyncio"})


def test_who_is_there_or_was_there_between_two_looks_begins_the_time_anew() -> None:
    quiet = QuietTimes(0)
    assert not quiet.worth_replacing(200, open_places=1, admitted=1, modules=LOADED)
    assert not quiet.worth_replacing(400, open_places=0, admitted=2, modules=LOADED)
    assert not quiet.worth_replacing(400 + QUIET_SECONDS - 1, open_places=0, admitted=2, modules=LOADED)
    assert quiet.worth_replacing(400 + QUIET_SECONDS, open_places=0, admitted=2, modules=LOADED)


def test_what_only_the_making_of_keys_needed_is_given_up_at_once_when_nobody_is_there() -> None:
    quiet = QuietTimes(0)
    assert not quiet.worth_replacing(1, open_places=1, admitted=1, modules=LOADED, visited=False)
    assert not quiet.worth_replacing(2, open_places=0, admitted=1, modules=LOADED, visited=True)
    assert quiet.worth_replacing(3, open_places=0, admitted=1, modules=LOADED, visited=False)


async def test_a_process_that_has_made_keys_asks_to_be_replaced_once_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.01)
    making = asyncio.Event()

    async def prepare(self: SshService) -> None:
        await making.wait()

    monkeypatch.setattr(SshService, "prepare", prepare)
    host = DeckyHost(tmp_path, fleet_settings(offers=("ssh",)))
    importlib.import_module("asyncssh")
    asked = asyncio.Event()
    host.ctx.ask_to_be_replaced = asked.set
    await host.open()
    playing = asyncio.ensure_future(host.worker.run(host.ctx))
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asked.wait(), 0.1)
        making.set()
        await asyncio.wait_for(asked.wait(), 120)
    finally:
        host.ctx.stop()
        await playing
        await host.close()


@pytest.mark.parametrize("changed", [False, True])
async def test_what_a_visitor_changed_in_memory_keeps_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: Machine, changed: bool
) -> None:
    monkeypatch.setattr(quiet_times, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.01)
    host = DeckyHost(tmp_path, fleet_settings())
    asked = asyncio.Event()
    host.ctx.ask_to_be_replaced = asked.set
    await host.open()
    resources = host.worker._resources
    assert resources is not None
    playing = asyncio.ensure_future(host.worker.run(host.ctx))
    try:
        if changed:
            with resources.overlays.mounted(machine, "192.0.2.7") as overlay:
                assert overlay.lease.hold(1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asked.wait(), 0.1)
            overlay.lease.close()
        await asyncio.wait_for(asked.wait(), 120)
    finally:
        host.ctx.stop()
        await playing
        await host.close()


def test_decoys_with_host_keys_load_ssh_for_the_first_client(tmp_path: Path) -> None:
    decky = fleet_settings(offers=("ssh",)).decky[0]
    state = State(tmp_path / "state")
    give_host_keys(state, decky.name)
    settings = tmp_path / "decnet.toml"
    settings.write_text(
        f'[[decoys.decky]]\nname = "{decky.name}"\naddress = "{decky.address}"\npersona = "{decky.persona}"\n'
        f"services = {{ ssh = {decky.services['ssh']} }}\n"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(60)
        environment = {
            "DECNET_STATE_DIR": str(state.root),
            "DECNET_SETTINGS": str(settings),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
        }
        command = "import sys; from decnet_decoys.worker import Decoys; sys.exit(Decoys.main())"
        with subprocess.Popen([sys.executable, "-c", command], env=environment, stderr=subprocess.PIPE) as process:
            try:
                while not told.recv(4096).startswith(b"READY=1"):
                    pass
                assert not holds_openssl_bindings(process.pid)
                with socket.create_connection((decky.address, decky.services["ssh"]), 60) as client:
                    assert client.recv(100).startswith(b"SSH-2.0-")
                    assert not holds_openssl_bindings(process.pid), "loaded for one that has said nothing"
                    client.sendall(b"SSH-2.0-test\r\n")
                    assert client.recv(100)
                assert holds_openssl_bindings(process.pid)
            finally:
                process.terminate()
                process.communicate()


def holds_openssl_bindings(pid: int) -> bool:
    return "cryptography" in Path(f"/proc/{pid}/maps").read_text()
