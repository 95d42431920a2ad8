# SPDX-License-Identifier: MIT
"""A decky that is a container of a real Podman, seen from another machine of its LAN (`nox -s oracles`)."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_core.placement.lan import ATTACKER, Lan, decky, needs_root, wait_until
from tests.podman_service import Podman, podman_service

from decnet_core.placement.desired import DesiredDecky, Service, Stack
from decnet_core.placement.runtimes.container.container import ContainerRuntime
from decnet_core.placement.runtimes.container.engine import Engine
from decnet_core.placement.runtimes.netns import Netns
from decnet_core.placement.runtimes.runtime import Observed, RuntimeFailed

pytestmark = [needs_root, pytest.mark.oracle, pytest.mark.timeout(300)]

FLEET = "cafe0001"
GREETING = """#!/bin/sh
echo hello
echo "greeted somebody" >/proc/1/fd/1
"""
CATALOGUE = """
[greeter]
reference = "localhost/greeter:1"
summary = "Greets"
persona = "debian-web"
format = "plain"
command = ["/bin/sh", "-c", "exec busybox nc -ll -p 2222 -e /greet"]
memory_mb = 64
processes = 20
writable = ["/tmp"]

[greeter.services]
ssh = { port = 22, listens = 2222 }

[ending]
reference = "localhost/ending:1"
summary = "Ends at once"
persona = "debian-web"
format = "plain"
command = ["/bin/sh", "-c", "exit 3"]

[ending.services]
ssh = { port = 22 }
"""


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    with podman_service("--network", "none") as service:
        image = service.image({"greet": GREETING, "kept/settings": "as shipped"}, "VOLUME /kept")
        for name in ("greeter", "ending"):
            service.call("tag", image, f"localhost/{name}:1")
        yield service


@pytest.fixture
def runtime(network: Lan, podman: Podman, tmp_path: Path) -> Iterator[ContainerRuntime]:
    images = tmp_path / "images.toml"
    images.write_text(CATALOGUE)
    made = ContainerRuntime(Netns(network.deckies, f"container-{FLEET}"), Engine(str(podman.path)), FLEET, images)
    before = network.network()
    yield made
    for mark in network.host(made.orphans, []):
        network.host(made.remove, mark)
    assert network.network() == before
    assert podman.call("ps", "-aq") == ""


def greeter(name: str = "pot-1", address: str = "10.77.0.10/24", **other: Any) -> DesiredDecky:
    values: dict[str, Any] = {"runtime": "container", "image": "greeter", "services": (Service("ssh", 22),), **other}
    return decky(name, address, **values)


def look(network: Lan, runtime: ContainerRuntime, one: DesiredDecky) -> Observed:
    return network.host(runtime.inspect, [one])[one.name]


def met(network: Lan, port: int, address: str = "10.77.0.10") -> str:
    """Return what the attacker is told at a port, or why there is no connection."""

    def dial() -> str:
        try:
            with socket.create_connection((address, port), 3) as client:
                return client.makefile().readline().strip()
        except OSError as error:
            return type(error).__name__

    return network.machines.enter("attacker", dial)


def inside(podman: Podman, name: str, command: str) -> str:
    """Return what a command prints in the container, and its exit code."""
    return podman.call("exec", f"decnet-{FLEET}-{name}", "/bin/sh", "-c", f"{command}; echo $?").strip()


def test_attacker_meets_the_image_at_the_deckys_port_and_nowhere_else(network: Lan, runtime: ContainerRuntime) -> None:
    one = greeter()
    assert not look(network, runtime, one).present
    network.host(runtime.start, one)
    assert [met(network, port) for port in (22, 2222, 80)] == [
        "hello",
        "ConnectionRefusedError",
        "ConnectionRefusedError",
    ]
    found = look(network, runtime, one)
    assert (found.present, found.drift, found.serves_itself) == (True, (), True)
    assert found.served == frozenset(one.endpoints())
    assert "00:16:3e:11:22:33" in network.ip("neighbour", machine="attacker")


def test_ports_of_a_silent_persona_that_are_not_offered_are_silent(network: Lan, runtime: ContainerRuntime) -> None:
    network.host(runtime.start, greeter(stack=Stack(closed_ports="silent")))
    assert [met(network, port) for port in (22, 2222)] == ["hello", "TimeoutError"]


def test_container_has_no_powers_and_reaches_nobody(network: Lan, runtime: ContainerRuntime, podman: Podman) -> None:
    network.host(runtime.start, greeter())
    assert (
        inside(podman, "pot-1", "busybox grep -h Cap /proc/self/status | busybox grep -cv 0000000000000000") == "0\n1"
    )
    assert inside(podman, "pot-1", "busybox grep NoNewPrivs /proc/1/status").split()[1] == "1"
    for denied in (
        "echo x >/file",
        "busybox chown 1 /tmp",
        "busybox mount -t tmpfs x /mnt",
        "busybox ip link set eth0 down",
    ):
        assert inside(podman, "pot-1", f"{denied} 2>/dev/null").splitlines()[-1] != "0", denied
    assert inside(podman, "pot-1", "echo x >/tmp/file; busybox cat /tmp/file") == "x\n0"
    for reached in (f"busybox ping -c 1 -W 2 {ATTACKER}", f"busybox nc -w 2 {ATTACKER} 22 </dev/null"):
        assert inside(podman, "pot-1", f"{reached} >/dev/null 2>&1") != "0", reached
    assert inside(podman, "pot-1", "busybox cat /kept/settings; echo x >/kept/more") == "as shipped0"
    assert " /kept tmpfs " in inside(podman, "pot-1", "busybox grep /kept /proc/mounts")
    assert podman.call("volume", "ls", "-q") == ""
    limits = json.loads(podman.call("inspect", f"decnet-{FLEET}-pot-1"))[0]["HostConfig"]
    assert (limits["Memory"], limits["PidsLimit"], limits["NanoCpus"]) == (64 << 20, 20, 500_000_000)
    assert limits["Binds"] == []


def test_nothing_of_this_host_can_be_read_in_a_container(
    network: Lan, runtime: ContainerRuntime, podman: Podman
) -> None:
    network.host(runtime.start, greeter(host_name="mail.example.org"))
    assert inside(podman, "pot-1", "busybox hostname") == "mail\n0"
    servers = [line for line in Path("/etc/resolv.conf").read_text().splitlines() if line.startswith("nameserver")]
    seen = inside(podman, "pot-1", "busybox cat /etc/resolv.conf /etc/hosts")
    assert not [line for line in servers if line in seen.splitlines()]
    assert "containers.internal" not in seen


def test_container_that_was_killed_or_removed_or_changed_is_repaired(
    network: Lan, runtime: ContainerRuntime, podman: Podman
) -> None:
    one, name = greeter(), f"decnet-{FLEET}-pot-1"
    network.host(runtime.start, one)
    for harm in (("kill", name), ("rm", "-f", "-t", "0", name)):
        podman.call(*harm)
        wait_until(lambda: look(network, runtime, one).drift != ())
        network.host(runtime.start, one)
        wait_until(lambda: met(network, 22) == "hello")
        assert look(network, runtime, one).drift == ()
    changed = greeter(host_name="other")
    assert look(network, runtime, changed).drift == ("its container is not as it would be made now",)
    network.host(runtime.start, changed)
    assert inside(podman, "pot-1", "busybox hostname") == "other\n0"
    network.host(runtime.start, changed)
    assert look(network, runtime, changed).drift == ()


def test_network_that_was_made_anew_gets_a_new_container(network: Lan, runtime: ContainerRuntime) -> None:
    one = greeter()
    network.host(runtime.start, one)
    network.host(Netns(network.deckies, f"container-{FLEET}").remove, one.name)
    assert look(network, runtime, one).drift
    network.host(runtime.start, one)
    wait_until(lambda: met(network, 22) == "hello")


class CutOff(Exception):
    """Ends the runtime before a request, as a kill would."""


class Cutting(Engine):
    """An engine before whose request of that number the runtime ends."""

    def __init__(self, path: str, number: int) -> None:
        super().__init__(path)
        self.left = number

    def _request(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> bytes:
        self.left -= 1
        if self.left == 0:
            raise CutOff
        return super()._request(method, target, body)


def test_decky_that_was_cut_off_before_any_request_is_completed_or_removed(
    network: Lan, runtime: ContainerRuntime, podman: Podman, tmp_path: Path
) -> None:
    one, before = greeter(), network.network()
    for action in ("start", "stop"):
        for number in range(1, 20):
            if action == "stop":
                network.host(runtime.start, one)
            engine = Cutting(str(podman.path), number)
            cut = ContainerRuntime(
                Netns(network.deckies, f"container-{FLEET}"), engine, FLEET, tmp_path / "images.toml"
            )
            with contextlib.suppress(CutOff):
                network.host(getattr(cut, action), one)
            if action == "start" and number % 2:
                network.host(runtime.start, one)
                assert look(network, runtime, one).drift == ()
                assert len(podman.call("ps", "-aq").split()) == 1
            for mark in network.host(runtime.orphans, []):
                network.host(runtime.remove, mark)
            assert (network.network(), podman.call("ps", "-aq")) == (before, ""), f"{action} cut off before {number}"
            if engine.left > 0:
                break
        assert 2 <= number < 19


def test_only_own_containers_are_orphans(network: Lan, runtime: ContainerRuntime, podman: Podman) -> None:
    podman.call(
        "run", "-d", "--name", "other", "--network", "none", "localhost/greeter:1", "/bin/sh", "-c", "busybox sleep 300"
    )
    network.host(runtime.start, greeter())
    other_fleet = ContainerRuntime(
        Netns(network.deckies, "container-cafe0002"), Engine(str(podman.path)), "cafe0002", None
    )
    assert network.host(other_fleet.orphans, []) == []
    assert network.host(runtime.orphans, [greeter()]) == []
    assert network.host(runtime.orphans, []) == ["pot-1"]
    network.host(runtime.remove, "pot-1")
    assert podman.call("ps", "-a", "--format", "{{.Names}}").split() == ["other"]
    podman.call("rm", "-f", "-t", "0", "other")


def test_image_that_is_missing_or_ends_is_the_deckys_error(
    network: Lan, runtime: ContainerRuntime, podman: Podman
) -> None:
    for image, words in (
        ("cowrie", "podman pull docker.io/cowrie/cowrie:latest"),
        ("unheard-of", "not in the catalogue"),
        ("ending", "exit code 3"),
    ):
        with pytest.raises(RuntimeFailed, match=words):
            network.host(runtime.start, greeter(image=image))
    network.host(runtime.stop, greeter())
    podman.call("create", "--name", f"decnet-{FLEET}-pot-1", "localhost/greeter:1", "/bin/sh")
    with pytest.raises(RuntimeFailed, match="not ours"):
        network.host(runtime.start, greeter())
    podman.call("rm", f"decnet-{FLEET}-pot-1")


def test_engine_that_is_gone_is_told(network: Lan, runtime: ContainerRuntime, tmp_path: Path) -> None:
    gone = ContainerRuntime(
        Netns(network.deckies, "container-cafe0003"), Engine(str(tmp_path / "gone")), "cafe0003", None
    )
    found = network.host(gone.inspect, [greeter()])["pot-1"]
    assert not found.present  # so that it can be removed
    assert "does not answer: No such file" in found.drift[0]
    for action in (gone.start, gone.stop):
        with pytest.raises(RuntimeFailed, match=r"start podman\.socket"):
            network.host(action, greeter(image="cowrie"))
    assert network.host(gone.orphans, []) == []
