# SPDX-License-Identifier: MIT
"""What bash and dash make of the lines of intruders' scripts: both streams and the status, as a Debian 12 had them."""

from __future__ import annotations

import json
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from tests.decnet_decoys.decky_host import root_shell

from decnet_decoys.shell.effects import Print
from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine

RECORDED = Path(__file__).parent / "lines_beside_debian.json"
"""Lines with what bash showed that `benchmarks/realism_shell.py` ran on a Debian 12."""


def ran(machine: Machine, line: str) -> tuple[str, str, int]:
    """Return what both streams show of a shell that is started to run a line, and its status."""
    shell = root_shell(machine, terminal=None)
    shell.command = line
    shown: dict[bool, bytes] = {False: b"", True: b""}
    effects = Interpreter(shell).run(line, b"")
    try:
        while True:
            effect = next(effects)
            if isinstance(effect, Print):
                shown[effect.error] += effect.data
    except StopIteration as end:
        return shown[False].decode(), shown[True].decode(), end.value


@pytest.mark.parametrize("recorded", json.loads(RECORDED.read_text()), ids=lambda one: one["line"])
def test_a_line_does_what_it_did_on_a_debian(machine: Machine, recorded: dict[str, Any]) -> None:
    assert ran(machine, recorded["line"]) == (recorded["out"], recorded["err"], recorded["status"])


def test_a_process_that_a_signal_ended_is_told_of_with_what_it_was(machine: Machine) -> None:
    _, told, status = ran(machine, "(kill -9 $BASHPID); f() { sh -c 'kill -9 $$'; }; f; sh -c 'kill -HUP $$'")
    ends = [line.rpartition("  ")[2].strip() for line in told.splitlines()]
    assert ends == ["( kill -9 $BASHPID )", "sh -c 'kill -9 $$'", "sh -c 'kill -HUP $$'"]
    assert [line.split(":")[0] for line in told.splitlines()] == ["bash", "environment", "bash"]
    assert ("Killed" in told, "Hangup" in told, status) == (True, True, 129)


def test_a_refused_redirection_expands_its_target_once(machine: Machine) -> None:
    out, _, _ = ran(
        machine, "echo x > /nosuch/$(echo once >> /tmp/n); cat /tmp/n; i=0; echo y > /nosuch/$((i++)); echo $i"
    )
    assert out == "once\n1\n"


@pytest.mark.parametrize(
    "line", ["x=$(" * 400, 'echo "$(' * 300, "echo $(case x in " * 300, "{" * 30_000 + ",}" * 9000]
)
def test_what_never_ends_is_found_in_a_bounded_time(machine: Machine, line: str) -> None:
    began = thread_time()
    ran(machine, line)
    assert thread_time() - began < 1.0
