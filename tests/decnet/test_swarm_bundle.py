# SPDX-License-Identifier: MIT
"""`decnet swarm bundle`: all that a sensor needs in one file; tests/fleet/test_bundle.py runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment
from decnet.swarm.bundle import Order, built_for, wheels_of, write
from decnet_swarm.pki.token import Token, decode_token

LIST = """\
h11==0.16.0 \\
    --hash=sha256:aa
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:bb
decnet-sniff==2.0.0.dev0 --hash=sha256:cc
google-re2==1.1 --hash=sha256:dd
"""
NATIVE = "google_re2-1.1-1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "sensor.txt").write_text(
        f"{LIST}decnet-sniff==2.0.0.dev0 --hash=sha256:cc\ngoogle-re2==1.1 --hash=sha256:d\n"
    )
    for name in ("h11-0.16.0-py3-none-any", "decnet_sniff-2.0.0.dev0-py3-none-any", "pip-26.3-py3-none-any"):
        (folder / f"{name}.whl").write_bytes(name.encode())
    (folder / NATIVE).write_bytes(b"")
    (folder / "sqlalchemy-2.1.9-py3-none-any.whl").write_bytes(b"of the master")
    return folder


@pytest.fixture
def swarm(deployment: Deployment) -> Path:
    os.environ["DECNET_LISTENER_LISTEN"] = "0.0.0.0:6514"
    os.environ["DECNET_LISTENER_PUBLIC"] = "master.example"
    return deployment.state.root


@pytest.mark.usefixtures("swarm")
def test_a_bundle_has_wheels_and_token_and_is_its_owners_alone(run: Run, wheelhouse: Path, tmp_path: Path) -> None:
    output = tmp_path / "berlin-1.pyz"
    said = run("swarm", "bundle", "berlin-1", "--wheels", str(wheelhouse), "--output", str(output))
    assert said.code == 0, said.err
    assert output.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(output) as archive:
        order = json.loads(archive.read("order.json"))
        held = {name.removeprefix("wheels/") for name in archive.namelist() if name.startswith("wheels/")}
    assert (order["name"], order["master"]) == ("berlin-1", "master.example:6515")
    assert (order["tag"], order["machine"]) == ("cp311", "x86_64")
    assert isinstance(decode_token(order["token"]), Token)
    assert held == {path.name for path in wheelhouse.iterdir() if "sqlalchemy" not in path.name}
    assert order["token"] not in said.out + said.err


@pytest.mark.usefixtures("swarm")
def test_no_token_is_made_for_a_wheelhouse_that_is_not_whole(run: Run, wheelhouse: Path, tmp_path: Path) -> None:
    (wheelhouse / "h11-0.16.0-py3-none-any.whl").unlink()
    for folder, complaint in ((wheelhouse, "no wheel of h11 0.16.0"), (tmp_path / "none", "make wheels")):
        said = run("swarm", "bundle", "berlin-1", "--wheels", str(folder), "--output", str(tmp_path / "b.pyz"))
        assert said.code == 78
        assert complaint in said.err
    assert not (tmp_path / "b.pyz").exists()
    assert run("swarm", "list", "--json").document["sensors"] == []


@pytest.mark.usefixtures("swarm")
def test_a_file_that_exists_is_not_overwritten(run: Run, wheelhouse: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.pyz"
    there.write_text("mine")
    said = run("swarm", "bundle", "berlin-1", "--wheels", str(wheelhouse), "--output", str(there))
    assert said.code == 1
    assert there.read_text() == "mine"
    assert run("swarm", "list", "--json").document["sensors"] == []


@pytest.mark.parametrize(
    ("order", "complaint"),
    [({"tag": "cp399"}, "for Python 3.99"), ({"machine": "pdp11"}, "for pdp11")],
)
def test_a_host_that_the_wheels_are_not_for_is_told_before_anything_is_done(
    wheelhouse: Path, tmp_path: Path, order: dict[str, str], complaint: str
) -> None:
    output = tmp_path / "b.pyz"
    write(output, wheels_of(wheelhouse), Order("berlin-1", "m:1", "t", **order))
    done = subprocess.run(
        [sys.executable, output, "--prefix", tmp_path / "here"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 78
    assert complaint in done.stderr
    assert not (tmp_path / "here").exists()


def test_wheels_without_compiled_code_run_anywhere(wheelhouse: Path) -> None:
    plain = [path for path in wheels_of(wheelhouse) if path.name != NATIVE]
    assert built_for(plain) == ("", "")
