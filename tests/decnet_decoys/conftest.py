# SPDX-License-Identifier: MIT
"""Shells and played decoys for the tests; what they are made of is in host.py."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.decnet_decoys import trial_services
from tests.decnet_decoys.decky_host import NOW, DeckyHost, Player, fleet_settings, root_shell
from tests.decnet_decoys.host_key_files import one_certificate_key

from decnet_decoys.personas.catalog import persona
from decnet_decoys.services import service_registry
from decnet_decoys.shell.machine.condition import Condition
from decnet_decoys.shell.machine.image import build
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.machine.shown_network import shown_network
from decnet_decoys.shell.state import ShellState


@pytest.fixture(scope="session", autouse=True)
def _one_certificate_key() -> Iterator[None]:
    with one_certificate_key():
        yield


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """A machine that all tests share; those that may change its condition take it `apart`."""
    one = build(persona("debian-web"), "web-01", shown_network("10.20.0.10", 24), NOW - 47 * 86400)
    yield one
    assert one.condition == Condition(), "a test has changed the machine of all tests"


@pytest.fixture
def shell(machine: Machine) -> ShellState:
    return root_shell(machine)


@pytest.fixture
def run(shell: ShellState) -> Player:
    return Player(shell)


@pytest.fixture
def player() -> Callable[..., Player]:
    def make(
        name: str = "debian-web", user: str = "root", *answers: bytes | None, terminal: str | None = "xterm"
    ) -> Player:
        machine = build(persona(name), "host-1", shown_network("10.20.0.10", 24), NOW - 47 * 86400)
        return Player(root_shell(machine, user, terminal), answers)

    return make


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    """The web server persona, played."""
    one = DeckyHost(tmp_path, fleet_settings())
    await one.open()
    yield one
    await one.close()


@pytest.fixture
def python() -> str:
    return sys.executable


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The services of trial_services.py, installed beside those that are shipped."""
    installed = service_registry._points() | trial_services.entry_points()
    monkeypatch.setattr(service_registry, "_points", lambda: installed)
    yield
    service_registry.load.cache_clear()
