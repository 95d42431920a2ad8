# SPDX-License-Identifier: MIT
"""`decnet up --address`: refused before anything starts where the default decky could not be opened."""

from __future__ import annotations

import os
import socket

import pytest
from tests import ports
from tests.decnet.command_result import Run

from decnet.cli.errors import OperatorError
from decnet.up import own_address
from decnet_core.settings import Settings


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DECNET_DECOYS_ADDRESS", "DECNET_DECOYS_PORT_OFFSET"):
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--address", "192.0.2.10", "--port-offset", "8000"), "this host has no such address"),
        (("--address", "everywhere"), "does not appear to be an IPv4 or IPv6 address"),
        (("--port-offset", "8000"), "--port-offset is for the ports at --address"),
    ],
)
def test_what_cannot_be_is_refused_at_once(run: Run, arguments: tuple[str, ...], words: str) -> None:
    said = run("up", *arguments)
    assert said.code != 0
    assert words in said.err


def test_taken_port_is_refused_with_what_helps() -> None:
    address = ports.own_address(50)
    settings = Settings({"decoys": {"address": address, "port_offset": 20_000}}, {}, "none")
    with (
        socket.create_server((address, 20_022)),
        pytest.raises(OperatorError, match=r"ssh at port 20022.*--port-offset"),
    ):
        own_address.check(settings)
    own_address.check(settings)


def test_workers_inherit_what_was_chosen() -> None:
    own_address.choose("127.0.0.1", 20_000)
    assert (os.environ["DECNET_DECOYS_ADDRESS"], os.environ["DECNET_DECOYS_PORT_OFFSET"]) == ("127.0.0.1", "20000")
