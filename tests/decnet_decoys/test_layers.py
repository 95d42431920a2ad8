# SPDX-License-Identifier: MIT
"""Shell and terminal serve any service: they import none of them, and not what one of them is made of."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import decnet_decoys

ROOT = Path(decnet_decoys.__file__).parent
MODULES = sorted((ROOT / "shell").rglob("*.py")) + sorted((ROOT / "terminal").rglob("*.py"))
FORBIDDEN = ("asyncssh", "decnet_decoys.ssh", "decnet_decoys.services", "decnet_decoys.evidence")


def imports(module: Path) -> Iterator[str]:
    """Yield all that a module imports: at its top, for types only, within functions."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_module_imports_no_service(module: Path) -> None:
    assert [name for name in imports(module) if f"{name}.".startswith(tuple(f"{one}." for one in FORBIDDEN))] == []


def test_a_shell_with_all_its_commands_loads_no_ssh() -> None:
    code = """
import sys
import decnet_decoys.terminal.session
from decnet_decoys.shell.login import logged_in
from decnet_decoys.shell.programs import programs
assert len(programs()) > 250
print(sorted(name for name in sys.modules if name.startswith(("asyncssh", "decnet_decoys.ssh"))))
"""
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
