# SPDX-License-Identifier: MIT
"""`decnet-forwarder enrol`: the one command that was pasted, as its own process, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_pki import master
from tests.forked_program import forked_program

from decnet_core.runtime.counters import Counters
from decnet_swarm.address import Address
from decnet_swarm.enrolment.server import EnrolmentServer
from decnet_swarm.pki import bootstrap_ca, files
from decnet_swarm.pki.admission import Admission

PROGRAM = "import sys; from decnet_swarm.forwarder.worker import Forwarder; sys.exit(Forwarder.main())"
FORWARDER = Path(sys.executable).with_name("decnet-forwarder")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Address]:
    folder = master(tmp_path / "master")
    opened = EnrolmentServer(folder, Admission(folder), Counters(), days=90, port=7777)
    await opened.open("127.0.0.1", 0)
    assert opened.address is not None
    yield Address(*opened.address)
    await opened.close()


async def enrol(tmp_path: Path, *arguments: str, says: str = "", **settings: str) -> tuple[int, str, str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DECNET_")}
    environ |= {"DECNET_STATE_DIR": str(tmp_path / "sensor"), **settings}
    program = forked_program(PROGRAM)
    done = await asyncio.to_thread(program.run, "enrol", *arguments, environment=environ, said=says.encode())
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def test_the_command_is_installed() -> None:
    child = await asyncio.create_subprocess_exec(FORWARDER, "enrol", "--help", stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    assert child.returncode == 0
    assert b"--token" in out


async def test_pasted_command_makes_this_host_a_sensor_and_says_what_is_next(server: Address, tmp_path: Path) -> None:
    word = bootstrap_ca.issue_token(tmp_path / "master", "berlin-1", 1)
    code, out, err = await enrol(tmp_path, "--master", str(server), "--token", word)
    assert (code, out) == (0, "enrolled as berlin-1; events go to 127.0.0.1:7777\n")
    assert "decnet-supervise init" in err
    folder = files.forwarder_folder(tmp_path / "sensor")
    assert files.enrolled(folder).name == "berlin-1"
    code, _, err = await enrol(tmp_path, "--master", str(server), "--token", word)
    assert code == 1
    assert "token" in err


async def test_token_may_come_by_standard_input(server: Address, tmp_path: Path) -> None:
    word = bootstrap_ca.issue_token(tmp_path / "master", "berlin-1", 1)
    assert (await enrol(tmp_path, "--master", str(server), "--token", "-", says=word + "\n"))[0] == 0


async def test_host_of_another_name_keeps_the_token_unspent(server: Address, tmp_path: Path) -> None:
    word = bootstrap_ca.issue_token(tmp_path / "master", "berlin-1", 1)
    code, _, err = await enrol(tmp_path, "--master", str(server), "--token", word, DECNET_STATE_SENSOR="paris")
    assert code == 78
    assert "this token is for berlin-1, but [state] sensor is paris" in err
    assert (await enrol(tmp_path, "--master", str(server), "--token", word))[0] == 0


@pytest.mark.parametrize(
    ("server", "word", "code", "words"),
    [
        ("127.0.0.1:1", "decnet1-abc", 2, "copy all of it"),
        ("127.0.0.1:1", "abc", 2, "begins with decnet1-"),
        ("a:b:c", None, 2, "brackets"),
        ("127.0.0.1:1", None, 1, "cannot be reached"),
    ],
)
async def test_an_impossible_request_is_reported_in_one_line(
    tmp_path: Path, server: str, word: str | None, code: int, words: str
) -> None:
    master(tmp_path / "master")
    made = word or bootstrap_ca.issue_token(tmp_path / "master", "berlin-1", 1)
    found, _, err = await enrol(tmp_path, "--master", server, "--token", made)
    assert found == code
    assert words in err
    assert err.count("\n") == 1
