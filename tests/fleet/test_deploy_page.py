# SPDX-License-Identifier: MIT
"""`docs/deploy.md`, followed word by word on two booted Debian hosts of two network segments.

Only what installs DECNET is not: the hosts are made with the wheels of this tree (`machine.copy_root`). Minutes long,
and only where root can boot a container: `nox -s systemd`.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fleet.machine import LOOK_SECONDS, ROOT, Machine, booted, copy_root, obstacle

from decnet_core.placement.runtimes.namespaces import Namespaces

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(1800),
]

PAGE = (ROOT / "docs" / "deploy.md").read_text()
STEPS = re.findall(r"^```sh\n# on (.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SEGMENTS = {"lan": ("10.20.0", "1", "2"), "segment": ("10.130.200", "10", "66")}
"""Of each network the first three octets, and the last one of its host and of the other machine in it."""
UP = """
ip link set lo up
ip link set eth0 up
ip address add {0}.{1}/24 dev eth0
ip route add default via {0}.254
"""
DECKIES = [f"10.20.0.{host}" for host in range(10, 20)]


class Site:
    """Two segments, each with a booted host and another machine, and a router between them."""

    def __init__(self, directory: Path, master: Machine, sensor: Machine) -> None:
        self.machines = Namespaces(directory, "machine-")
        self.hosts = {"master": master, "sensor": sensor}

    def on(self, place: str, script: str) -> str:
        """Run a script of the page where it says."""
        if place in self.hosts:
            return self.hosts[place].run("sh", "-ec", script).stdout
        return self.elsewhere("lan" if place.endswith("LAN") else "segment", "sh", "-ec", script)

    def elsewhere(self, name: str, *command: str) -> str:
        done = self.machines.enter(
            name, lambda: subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def remove(self) -> None:
        for name in self.machines.names():
            self.machines.remove(name)

    def wire(self) -> None:
        for name in ("router", *SEGMENTS):
            self.machines.create(name)
        self.elsewhere("router", "sh", "-ec", "ip link set lo up; echo 1 > /proc/sys/net/ipv4/ip_forward")
        for (name, (net, host, other)), machine in zip(SEGMENTS.items(), self.hosts.values(), strict=True):
            self.elsewhere(
                "router",
                "sh",
                "-ec",
                f"""
                ip link add {name} type bridge; ip link set {name} up; ip address add {net}.254/24 dev {name}
                for peer in host other; do ip link add {name}-$peer type veth peer name e-$peer
                ip link set {name}-$peer master {name} up; done
                ip link set e-host name eth0 netns {machine.leader}""",
            )
            with self.machines.opened(name) as namespace:
                self.elsewhere("router", "ip", "link", "set", "e-other", "name", "eth0", "netns", _path(namespace))
            self.elsewhere(name, "sh", "-ec", UP.format(net, other))
            machine.run("sh", "-ec", UP.format(net, host))


def _path(descriptor: int) -> str:
    return f"/proc/{os.getpid()}/fd/{descriptor}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    with contextlib.ExitStack() as stack:
        hosts = []
        for name in ("master", "sensor"):
            (directory / name).mkdir()
            copy_root(directory / name / "root")
            stack.callback(shutil.rmtree, directory / name / "root", ignore_errors=True)
            hosts.append(stack.enter_context(booted(directory / name / "root", f"decnet-{name}")))
        made = Site(directory, *hosts)
        stack.callback(made.remove)
        made.wire()
        yield made


class Receiver:
    """A webhook's receiver on the other machine of the LAN."""

    def __init__(self, site: Site) -> None:
        bodies = self.bodies = list[str]()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(204)
                self.end_headers()

        self.server = site.machines.enter("lan", lambda: http.server.HTTPServer(("10.20.0.2", 9000), Handler))
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


def until(condition: Callable[[], bool], what: Callable[[], str], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(LOOK_SECONDS)


def test_page_names_a_place_for_each_step() -> None:
    assert len(STEPS) == PAGE.count("```sh\n")
    assert {place for place, _ in STEPS} == {
        "both hosts", "the master", "the sensor", "another machine of the LAN", "another machine of the segment"
    }  # fmt: skip


def test_page_leads_to_ten_deckies_a_sensor_and_an_alert(site: Site) -> None:
    with contextlib.closing(Receiver(site)) as receiver:
        follow(site, receiver)


def follow(site: Site, receiver: Receiver) -> None:
    """Follow the page after its installation, and wait for what it promises."""
    master = site.hosts["master"]
    for place, script in STEPS[1:]:
        said = site.on(place.removeprefix("the "), script)
        if "decnet deploy" in script:
            until(lambda: _running(master) == 10, lambda: master.run("decnet", "decky", "list").stdout)
            for address in DECKIES:
                site.elsewhere("lan", "curl", "-sS", "--max-time", "10", f"http://{address}/")
        elif "http://10.20.0.10/" in script:
            until(
                lambda: any('"10.20.0.2"' in body for body in receiver.bodies),
                lambda: f"{receiver.bodies}\n{master.run('decnet', 'status', check=False).stdout}",
            )
            assert "10.20.0.2" in master.run("decnet", "attackers").stdout
        elif "swarm token" in script:
            site.hosts["sensor"].run("sh", "-ec", said)
        elif "[1-100]" in script:
            until(
                lambda: "10.130.200.66" in master.run("decnet", "attackers").stdout,
                lambda: (
                    master.run("decnet", "swarm", "list").stdout
                    + site.hosts["sensor"].run("decnet-supervise", "status", check=False).stdout
                ),
            )
    assert "segment-2" in master.run("decnet", "swarm", "list").stdout


def _running(master: Machine) -> int:
    return master.run("decnet", "decky", "list").stdout.count("  running")
