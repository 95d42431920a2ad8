# SPDX-License-Identifier: MIT
"""A honeypot image as a decky of a whole fleet: added, met by an attacker, in the event log, removed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.podman_service import podman_service

from decnet.drill.lan.machines import ATTACKER, BRIDGE, NETWORK, Lan, lan
from decnet.drill.private import environment, running

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces: needs root"),
]

LOGIN = {
    "eventid": "cowrie.login.failed", "username": "root", "password": "toor", "session": "0badcafe0001",
    "src_ip": ATTACKER, "timestamp": "2026-11-24T00:09:19.723496Z", "sensor": "liar", "protocol": "ssh",
}  # fmt: skip
GREETING = f"#!/bin/sh\necho SSH-2.0-pot\necho '{json.dumps(LOGIN)}' >/proc/1/fd/1\n"
IMAGES = """
[pot]
reference = "localhost/pot:1"
summary = "Logs as Cowrie does"
persona = "debian-web"
format = "cowrie"
command = ["/bin/sh", "-c", "exec busybox nc -ll -p 2222 -e /greet"]
[pot.services]
ssh = { port = 22, listens = 2222 }
"""
SETTINGS = """
[reconciler]
namespaces = "{namespaces}"
container_socket = "{socket}"
images = "{images}"

[canary]
http_listen = "127.0.0.1:8880"
dns_listen = "127.0.0.1:8853"

[[collect.source]]
name = "deckies"
input = "containers"
format = "label"
path = "{socket}"
"""
ADDRESS = "10.77.1.9"


def decnet(made: Lan, *arguments: str) -> str:
    command = [sys.executable, "-m", "decnet", *arguments]
    done = made.on_host(lambda: subprocess.run(command, capture_output=True, text=True, timeout=60, check=False))
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def greeted(made: Lan) -> bool:
    def dial() -> bool:
        try:
            with socket.create_connection((ADDRESS, 22), 2) as client:
                return client.recv(100) == b"SSH-2.0-pot\n"
        except OSError:
            return False

    return made.as_attacker(dial)


def wait_until(condition: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_image_is_added_met_logged_and_removed() -> None:
    with tempfile.TemporaryDirectory(prefix="decnet-") as name, podman_service("--network", "none") as podman:
        directory = Path(name)
        podman.call("tag", podman.image({"greet": GREETING}), "localhost/pot:1")
        (directory / "images.toml").write_text(IMAGES)
        settings = directory / "decnet.toml"
        given = {"DECNET_STATE_DIR": str(directory / "state"), "DECNET_SETTINGS": str(settings)}
        with lan(directory) as made, environment(given):
            values = {"namespaces": made.deckies, "socket": podman.path, "images": directory / "images.toml"}
            settings.write_text(SETTINGS.format(**values))
            before = made.host_network()
            with running(directory, "fork", start=made.on_host):
                place = ("--interface", BRIDGE, "--subnet", NETWORK, "--address", ADDRESS)
                decnet(made, "decky", "add", "shop", "--runtime", "container", "--image", "pot", *place)
                wait_until(lambda: greeted(made))
                wait_until(
                    lambda: (
                        json.loads(decnet(made, "decky", "inspect", "shop", "--json"))["state"]["phase"] == "running"
                    )
                )
                wait_until(lambda: '"toor"' in decnet(made, "events", "--json"))
                event = next(line for line in decnet(made, "events", "--json").splitlines() if '"toor"' in line)
                assert json.loads(event)["decky"] == "shop"
                assert "liar" not in event
                podman.call("kill", podman.call("ps", "-q").strip())
                decnet(made, "decky", "change", "shop", "--host-name", "till")  # wakes it
                wait_until(lambda: greeted(made))
                decnet(made, "decky", "remove", "shop")
                wait_until(lambda: podman.call("ps", "-aq") == "" and made.host_network() == before)
