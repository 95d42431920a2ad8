# SPDX-License-Identifier: MIT
"""The shipped entry for Cowrie runs the real one: confined, reached at its usual ports, its JSON on standard output."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import pytest
from tests.decnet_core.placement.lan import decky, lan
from tests.fleet import cowrie_image
from tests.podman_service import podman_service

from decnet_core.placement.desired import Service
from decnet_core.placement.runtimes.container.container import ContainerRuntime
from decnet_core.placement.runtimes.container.engine import Engine
from decnet_core.placement.runtimes.netns import Netns

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]

FLEET = "cafe0009"


def test_shipped_entry_runs_the_real_cowrie() -> None:
    one = decky("shop", runtime="container", image="cowrie", services=(Service("ssh", 22), Service("telnet", 23)))
    with (
        podman_service("--network", "none") as podman,
        tempfile.TemporaryDirectory() as place,
        lan(Path(place)) as network,
    ):
        archive = podman.place / "cowrie.tar"
        cowrie_image.write(archive)
        changes = [word for change in cowrie_image.CHANGES for word in ("--change", change)]
        podman.call("import", *changes, str(archive), "docker.io/cowrie/cowrie:latest")
        runtime = ContainerRuntime(Netns(network.deckies, f"container-{FLEET}"), Engine(str(podman.path)), FLEET, None)
        network.host(runtime.start, one)
        deadline = time.monotonic() + 120
        while network.host(runtime.inspect, [one])["shop"].served != frozenset(one.endpoints()):
            assert time.monotonic() < deadline, network.host(runtime.inspect, [one])
            time.sleep(0.5)
        assert network.host(runtime.inspect, [one])["shop"].drift == ()
        greeting = network.attacker("sh", "-c", "echo | timeout 5 busybox nc 10.77.0.10 22 | head -1").stdout
        assert greeting.startswith("SSH-2.0-OpenSSH")
        wanted = "cowrie.session.closed"
        while wanted not in (log := podman.call("logs", f"decnet-{FLEET}-shop")):
            assert time.monotonic() < deadline, log
            time.sleep(0.2)
        lines = [json.loads(line) for line in log.splitlines()]
        assert {line["src_ip"] for line in lines if line["eventid"] == wanted} == {"10.77.0.2"}
        network.host(runtime.stop, one)
        assert podman.call("ps", "-aq") == ""
