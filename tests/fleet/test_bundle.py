# SPDX-License-Identifier: MIT
"""A wheelhouse as `make wheels` makes it, and a host, a sensor and a container made from it without any index."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fleet.container_image import RUN, build, podman
from tests.fleet.test_sensor_host import ROOT, UV, port_in, running

from decnet.swarm.bundle import Order, wheels_of, write
from decnet_swarm.pki import bootstrap_ca, files

pytestmark = [pytest.mark.howto, pytest.mark.timeout(600)]

PROGRAM = ROOT / "packages/decnet/tools/wheelhouse.py"
NO_INDEX = {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_CONFIG_FILE": os.devnull}


def wheelhouse_for(python: str, folder: Path) -> Path:
    command = [python, str(PROGRAM), "--uv", UV, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    if done.returncode and re.search("NameResolutionError|Connection refused|Network is unreachable", done.stderr):
        pytest.skip("no package index here")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheelhouse_for(sys.executable, tmp_path_factory.mktemp("wheelhouse"))


@pytest.fixture
def debians_wheelhouse(tmp_path: Path) -> Path:
    """Make one for the Python of Debian 12, which is what an image is built on here."""
    python = shutil.which("python3.11")
    if python is None:
        pytest.skip("no Python 3.11 here, which is that of Debian 12")
    return wheelhouse_for(python, tmp_path / "wheelhouse")


def test_every_wheel_of_the_wheelhouse_is_one_that_a_list_has_by_its_hash(wheelhouse: Path) -> None:
    lists = "".join(path.read_text() for path in wheelhouse.glob("*.txt"))
    for wheel in wheelhouse.glob("*.whl"):
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() in lists, wheel.name
    assert "decnet==2" in (wheelhouse / "fleet.txt").read_text()
    assert "sqlalchemy" not in (wheelhouse / "sensor.txt").read_text()
    assert "psycopg" in (wheelhouse / "extras.txt").read_text()


def test_the_whole_fleet_installs_as_the_page_says_without_an_index(wheelhouse: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "install.md").read_text().partition("## A host of its own")[2]
    script = page.partition("```sh\n")[2].partition("```")[0].replace("/opt/decnet", str(tmp_path / "opt"))
    steps = [line for line in script.splitlines() if not line.startswith("ln ")]
    assert len(steps) == len(script.splitlines()) - 1
    (tmp_path / "dist").symlink_to(wheelhouse)
    environment = {**os.environ, **NO_INDEX}
    subprocess.run(["sh", "-ec", "\n".join(steps)], check=True, timeout=300, env=environment, cwd=tmp_path)
    done = subprocess.run(
        [tmp_path / "opt/bin/decnet", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("decnet 2.")


async def test_a_bundle_makes_a_bare_host_a_sensor_without_an_index(wheelhouse: Path, tmp_path: Path) -> None:
    master, here = tmp_path / "master", tmp_path / "sensor"
    bootstrap_ca.bootstrap(master, [])
    word = bootstrap_ca.issue_token(master, "berlin-1", 1)
    log = tmp_path / "listener.log"
    listening = {"DECNET_STATE_DIR": str(master), "DECNET_LISTENER_LISTEN": "127.0.0.1:0"}
    async with running(log, Path(sys.executable).with_name("decnet-listener"), **listening):
        enrolment = await port_in(log, "sensors enrol")
        bundle = tmp_path / "berlin-1.pyz"
        write(bundle, wheels_of(wheelhouse), Order("berlin-1", f"127.0.0.1:{enrolment}", word))
        environment = {
            "PATH": "/nowhere",
            "HOME": str(tmp_path),
            "DECNET_STATE_DIR": str(here),
            **NO_INDEX,
        }
        done = subprocess.run(  # noqa: ASYNC221  # the listener is a process of its own
            [sys.executable, "-I", bundle, "--prefix", tmp_path / "opt", "--no-systemd"],
            env=environment, capture_output=True, text=True, check=False, timeout=400,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "enrolled as berlin-1" in done.stdout
    assert files.enrolled(files.forwarder_folder(here)).name == "berlin-1"
    assert (tmp_path / "opt/bin/decnet-supervise").exists()


def wait_for(found: Callable[[], str | None], seconds: float = 120) -> str:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return value


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a root file system and a network namespace: needs root")
@pytest.mark.timeout(1200)
def test_a_fleet_in_a_container_is_attacked_and_looked_at_through_its_published_ports(debians_wheelhouse: Path) -> None:
    with podman() as run:
        options = [word for word in RUN[2:-1] if word != "--rm"]
        run("run", "--detach", "--name", "fleet", *options, build(run, debians_wheelhouse))

        def link() -> str | None:
            said = re.search(r"^dashboard (http://\S+)/login#link=", run("logs", "fleet"), re.MULTILINE)
            return said and said[1]

        assert "<title>" in run.beside("curl", "--silent", "--show-error", wait_for(link) + "/")
        run.beside("curl", "--silent", "--show-error", "http://127.0.0.1:8080/from-outside")
        wait_for(
            lambda: run("exec", "fleet", "decnet", "events", "--kind", "http.request", "--csv").partition(
                "from-outside"
            )[1]
        )
        status = run("exec", "fleet", "sh", "-c", "id -u; grep -h ^Cap /proc/[0-9]*/status | sort -u").splitlines()
        assert status[0] == "1000"
        held = {line.split()[1] for line in status if line.startswith(("CapEff", "CapPrm"))}
        assert held == {"0000000000000000"}
