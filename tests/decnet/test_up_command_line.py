# SPDX-License-Identifier: MIT
"""`decnet up` reads its command line as typer would, but without loading it into the fleet."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from decnet.commands.up import app
from decnet.up.command_line import SWITCHES, VALUES, Options, read
from decnet.up.hosting import Hosting


def test_every_option_is_known() -> None:
    described = {name for option in typer.main.get_command(app).params for name in option.opts}
    assert {*SWITCHES, *VALUES} == described - {"--help", "-h"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", Options()),
        ("--plain --for 1.5 --host tasks", Options(plain=True, seconds=1.5, host=Hosting.TASKS)),
        ("--json --ready-file=/a/b=c", Options(as_json=True, ready_file="/a/b=c")),
        ("--address 192.0.2.1 --port-offset 8000", Options(address="192.0.2.1", port_offset=8000)),
        *((mistake, None) for mistake in ("--help", "--for", "--for x", "--for -1", "--host x", "--port-offset 70000")),
        *((mistake, None) for mistake in ("word", "--plain=1", "--unknown")),
    ],
)
def test_mistakes_are_left_to_typer(words: str, expected: Options | None) -> None:
    assert read(words.split()) == expected


def test_the_fleets_first_process_has_none_of_the_commands_libraries() -> None:
    """All workers are forked from it."""
    heavy = "{'typer', 'rich', 'pydantic', 'sqlalchemy', 'alembic', 'cryptography', 'asyncssh', 'h11'}"
    code = f"import sys, decnet.command, decnet.up.launch; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
