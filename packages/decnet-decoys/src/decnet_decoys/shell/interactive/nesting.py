# SPDX-License-Identifier: MIT
"""What belongs to one process of a shell: a child changes none of it, and a shell typed at within another ends with it.

`sh`, `su` and `sudo -i` at a prompt begin such a shell; `exit` goes back to the one that it was begun in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.jobs import Jobs
from decnet_decoys.shell.syntax.nodes import Sequence

if TYPE_CHECKING:
    from decnet_decoys.shell.environment.language import Language, ShellKind
    from decnet_decoys.shell.state import ShellState

MAX_PENDING = 16
"""Commands within each other that a line has begun in each of which a shell was begun."""
MAX_NESTED = 16
"""Shells within each other; one more ends at once, as one does that finds no memory."""
_OF_PROCESS = (
    "user", "identity", "own_groups", "cwd", "variables", "exported", "_characters", "parameters", "options", "_scopes",
    "script", "kind", "line", "bare", "umask", "limits", "shopt", "string", "hashed", "disabled", "readonly", "kinds",
    "associative", "functions", "aliases",
)  # fmt: skip
_OF_SHELL = ("called", "typed_lines", "traps", "jobs", "stack", "pending")
"""What a shell that another begins has besides, and a subshell has not."""


def of_process(shell: "Language", more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a child process could change, by the names of the attributes."""
    return {name: _copied(getattr(shell, name)) for name in _OF_PROCESS + more}


def give_back(shell: "Language", kept: dict[str, Any]) -> None:
    """Make the shell again what it was."""
    for name, value in kept.items():
        setattr(shell, name, value)


def enter(shell: "ShellState", kind: "ShellKind", called: str) -> bool:
    """Begin a shell that is typed at within this one, by the name `called`; False if there is none.

    It has the exported variables. None begins where nothing is typed at, or within a subshell.
    """
    if not shell.is_typed_at or shell.jobs.of_child or len(shell.outer) >= MAX_NESTED:
        return False
    shell.outer.append(of_process(shell, _OF_SHELL))
    shell.kind, shell.called, shell.typed_lines = kind, called, 0
    shell.functions, shell.aliases, shell.traps = {}, {}, {}
    shell.options, shell.stack, shell._scopes = set(), [], []
    shell.pending = []
    shell.jobs = Jobs(shell.pid + 100 * len(shell.outer))
    shell.only_exported()
    if kind == "dash" and "PS1" not in shell.exported:
        shell.variables.pop("PS1", None)
    level = shell.variables.get("SHLVL", "0")
    if kind == "bash" and level.isdecimal() and len(level) < 4:
        shell.variables["SHLVL"] = str(int(level) + 1)
    return True


def put_off(shell: "Language", depth: int, following: str, rest: Sequence) -> None:
    """Keep what is left of a line in which a shell was begun, for when that ends; what follows `&&` waits for how."""
    if rest.items and len(shell.outer) > depth:
        pending = shell.outer[depth]["pending"]
        pending[MAX_PENDING:] = []
        pending.append((following, rest))


def leave(shell: "ShellState") -> bool:
    """Go back to the shell within which this one was begun; False if it is the session's first."""
    if not shell.outer:
        return False
    give_back(shell, shell.outer.pop())
    return True


@contextmanager
def in_outer(shell: "Language", depth: int) -> Iterator[None]:
    """Have the shell be the one within which a shell was begun at that depth; it stays what it is if none was."""
    if len(shell.outer) <= depth:
        yield
        return
    inner = of_process(shell, _OF_SHELL)
    give_back(shell, shell.outer[depth])
    try:
        yield
    finally:
        shell.outer[depth] = of_process(shell, _OF_SHELL)
        give_back(shell, inner)


def _copied(value: Any) -> Any:
    return copy(value) if isinstance(value, dict | set | list) else value
