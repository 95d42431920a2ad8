# SPDX-License-Identifier: MIT
"""No command and nothing of the shell's language keeps the event loop for long, whatever it is given.

Measured in processor time of this thread, so a busy machine does not disturb. The aim is 20 ms; the tests allow three
times that, for processors differ and the caches of a busy one are cold.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decnet_decoys.shell.hostile import DEEP, MANY_LINES, ONE_LINE, measured, prepared

from decnet_decoys.shell.interpreter import Interpreter
from decnet_decoys.shell.machine.machine import Machine
from decnet_decoys.shell.registry import programs

ALLOWED_SECONDS = 0.060
PER_LINE = 0.25
"""Processor seconds after which a line is given up; its worst is seen long before."""


@pytest.fixture(scope="module", autouse=True)
def without_other_garbage() -> Iterator[None]:
    """The collector must not walk through what other tests left, which is no cost of the shell's."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


HUGE = "x" * 60_000
OPERANDS = (
    "/usr/bin/* /usr/bin/* /usr/bin/*",
    "-r '*a*a*a*b' /",
    "-e '*[a]*[a]*[a]?b' /tmp/row /tmp/lines",
    "-n /tmp/lines /tmp/row /boot/*",
    "a /tmp/row /tmp/lines",
    "-laRh / /tmp/many",
    "-R 777 /",
    "{1..500} {1..500} {1..500} {1..500}",
    f"{f'{DEEP}/deep ' * 600}",
    "/tmp/l0 " * 50,
    HUGE,
    f"-{HUGE} /tmp/lines",
    f"'{'%5d' * 20_000}' {{1..500}}",
    f"-e '{'%b' * 50}' '{chr(92) + 'n'}{(chr(92) + 'x41') * 15_000}'",
    "-1 1 99999999999",
    "'s/a/" + "b" * 60_000 + "/g' /tmp/row",
    "'{print " + "$1," * 20_000 + "}' /tmp/row",
    "-c 1-499,1-499,1-499 /tmp/row",
    "-c 'while :; do :; done'",
    "'" + " (" * 30_000 + "'",
    f"'print{' ' * 50_000}'",
    "if=/tmp/row of=/tmp/copy bs=1M",
    "! " * 1990 + "a = a",
    "-f /tmp/script",
    "/tmp/script",
    "/tmp/many /tmp/many2",
    "-r /usr /tmp/usr",
    f"'{'1+' * 500}1' '{','.join(['a=a+1'] * 5000)}'",
    '"$(cat /tmp/row)" "$(cat /tmp/lines)"',
)
INPUTS = (MANY_LINES, ONE_LINE, b"\n" * (4 << 20), b"begin 644 x\n" + b"M" * 61 + b"\n" * (1 << 20), b"root:x\n" * 300_000)


def worst(machine: Machine, line: str, stdin: bytes | None = None) -> str:
    """Return the line and its longest stretch if that was too long."""
    stretch = measured(Interpreter(prepared(machine)).run(line, stdin), at_most=PER_LINE, answer=b"x" * 60_000)
    if stretch.seconds < ALLOWED_SECONDS:
        return ""
    return f"{stretch.seconds * 1000:.0f} ms after yield {stretch.after}: {line[:100]}"


@pytest.mark.parametrize("name", sorted(programs()))
def test_a_command_yields_whatever_it_is_given(machine: Machine, name: str) -> None:
    shell = prepared(machine)
    lines = [f"{name} {operands}" for operands in OPERANDS]
    found = []
    for line in [*lines, f"yes | {name}", f"{name} a < /boot/vmlinuz*", f"cat /tmp/lines | {name} -n -r"]:
        found.append(worst(machine, line))
    found += [worst(machine, f"{name} {first}", data) for data in INPUTS for first in ("", "a b", "-n -d")]
    del shell
    assert not [text for text in found if text]
