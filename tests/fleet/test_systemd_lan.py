# SPDX-License-Identifier: MIT
"""Deckies on a LAN under a real systemd: in namespaces and on addresses of the host, over restarts of the units.

Minutes long, and only where root can boot a container: `nox -s systemd`.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator

import pytest
from tests.fleet.machine import LOOK_SECONDS, Machine, booted, copy_root, obstacle

from decnet_core.placement.allowed import NEEDED
from decnet_core.supervise.fork.privileges import numbers

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(1800),
]

UNIT = "decnet-reconciler.service"
WIRE = """
ip netns add visitor
ip link add br0 type bridge
ip link add port0 type veth peer name eth0 netns visitor
ip link set port0 master br0 up
ip link set br0 up
ip address add 192.0.2.1/24 dev br0
ip -n visitor link set lo up
ip -n visitor link set eth0 up
ip -n visitor address add 192.0.2.2/24 dev eth0
"""
BANNER = "import socket, sys; print(socket.create_connection((sys.argv[1], 22), 10).recv(99).decode())"
DECKIES = {"lan-01": ("netns", "192.0.2.10"), "lan-02": ("host", "192.0.2.20")}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted Debian with a bridge, on which another machine is, and a fleet that may use each runtime."""
    directory = tmp_path_factory.mktemp("machine")
    copy_root(directory / "root")
    with booted(directory / "root") as found:
        found.run("sh", "-ec", WIRE)
        found.run("decnet", "init")
        found.run("systemctl", "start", "decnet.target")
        yield found
    shutil.rmtree(directory / "root", ignore_errors=True)


def add(machine: Machine, name: str) -> str:
    """Add a decky; return what is said beside the plan."""
    runtime, address = DECKIES[name]
    place = ("--runtime", runtime, "--interface", "br0", "--address", f"{address}/24")
    return machine.run("decnet", "decky", "add", name, "--persona", "debian-web", *place).stderr


def phases(machine: Machine) -> dict[str, str | None]:
    """Return the phase of each decky that the reconciler keeps; decoys play those of the settings."""
    found = json.loads(machine.run("decnet", "decky", "list", "--json").stdout)
    return {one["decky"]["name"]: (one["state"] or {}).get("phase") for one in found if not one["from_settings"]}


def running(machine: Machine, seconds: float = 120) -> None:
    """Wait until all deckies run."""
    deadline = time.monotonic() + seconds
    while (found := phases(machine)) != dict.fromkeys(DECKIES, "running"):
        assert time.monotonic() < deadline, (found, machine.journal(UNIT))
        time.sleep(LOOK_SECONDS)


def answer(machine: Machine) -> None:
    """Have the other machine of the LAN ask each decky for its page and the banner of its SSH server."""
    visitor = ("ip", "netns", "exec", "visitor")
    for _, address in DECKIES.values():
        assert "<html" in machine.run(*visitor, "curl", "-sS", "--max-time", "10", f"http://{address}/").stdout
        assert machine.run(*visitor, "python3", "-c", BANNER, address).stdout.startswith("SSH-2.0-")


def namespaces(machine: Machine) -> list[str]:
    return machine.run("sh", "-c", "ls -i /run/decnet/netns").stdout.splitlines()


def test_a_runtime_that_the_units_may_not_use_is_told_at_once(machine: Machine) -> None:
    plan = ("--plan", "--persona", "debian-web", "--runtime", "netns", "--interface", "br0")
    said = machine.run("decnet", "decky", "add", "lan-01", *plan, "--address", "192.0.2.10/24").stderr
    assert "until [reconciler] runtimes has them as well: netns; then run `decnet init` again" in said


def test_deckies_in_namespaces_and_on_the_host_are_reached_from_the_lan(machine: Machine) -> None:
    named = '/^\\[reconciler\\]/a runtimes = ["loopback", "host", "netns"]'
    machine.run("sed", "-i", named, "/etc/decnet/decnet.toml")
    machine.run("decnet", "init")
    machine.run("systemctl", "restart", "decnet.target")
    for name in DECKIES:
        assert add(machine, name) == ""
    running(machine)
    answer(machine)


def test_only_the_reconciler_has_capabilities_and_only_those_of_its_runtimes(machine: Machine) -> None:
    pid = machine.show(UNIT, "MainPID")
    status = machine.run("cat", f"/proc/{pid}/status").stdout.splitlines()
    (held,) = (int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    assert held == sum(1 << number for number in numbers(NEEDED["netns"]))
    assert machine.run("stat", "--format=%U", f"/proc/{pid}").stdout.strip() == "decnet-reconciler"
    units = machine.run("sh", "-c", "grep -l '^AmbientCapabilities=CAP_NET_ADMIN' /etc/systemd/system/decnet-*").stdout
    assert units.split() == [f"/etc/systemd/system/{UNIT}"]


@pytest.mark.parametrize("how", ["restart", "kill", "stop"])
def test_namespaces_outlive_the_reconciler(machine: Machine, how: str) -> None:
    before = namespaces(machine)
    assert len(before) == 1
    if how == "kill":
        pid = machine.show(UNIT, "MainPID")
        machine.run("systemctl", "kill", "--signal=KILL", UNIT)
        machine.until(UNIT, "NRestarts", "1")
        assert machine.show(UNIT, "MainPID") != pid
    else:
        machine.run("systemctl", how, UNIT)
    answer(machine)
    machine.run("systemctl", "start", UNIT)
    running(machine)
    assert namespaces(machine) == before
    answer(machine)


def test_drift_is_repaired(machine: Machine) -> None:
    machine.run("ip", "address", "del", "192.0.2.20/24", "dev", "br0")
    name = namespaces(machine)[0].split()[1]
    machine.run("nsenter", f"--net=/run/decnet/netns/{name}", "ip", "link", "set", "eth0", "down")
    machine.run("systemctl", "restart", UNIT)
    deadline = time.monotonic() + 120
    while "192.0.2.20" not in machine.run("ip", "address", "show", "dev", "br0").stdout:
        assert time.monotonic() < deadline, machine.journal(UNIT)
        time.sleep(0.2)
    running(machine)
    answer(machine)


def test_removed_deckies_leave_nothing(machine: Machine) -> None:
    machine.run("decnet", "decky", "remove", *DECKIES)
    deadline = time.monotonic() + 120
    while phases(machine):
        assert time.monotonic() < deadline, machine.journal(UNIT)
        time.sleep(LOOK_SECONDS)
    assert namespaces(machine) == []
    assert "decnet" not in machine.run("ip", "link").stdout
    assert "192.0.2.20" not in machine.run("ip", "address").stdout
