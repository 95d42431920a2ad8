# SPDX-License-Identifier: MIT
"""Assignments before a command or in its place: to a variable, an element, a whole array; with += to its end."""

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.expansion import splitting, words
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.expansion.elements import following, index_of, join, put
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.nodes import Assignment, Elements

MAX_ELEMENTS = 200


def assign(runner: Runner, assignment: Assignment) -> Steps[tuple[str, str]]:
    """Do what an assignment says; returns what `set -x` shows of it: up to the sign, and the value."""
    shell, name = runner.shell, runner.shell.referred(assignment.name)
    if isinstance(assignment.value, Elements):
        if assignment.value.associative and len(shell.associative) < MAX_ELEMENTS:
            shell.associative.add(name)
        found = yield from splitting.fields(runner, assignment.value.words)
        yield from _compose(shell, name, found, append=assignment.append)
        return f"{name}=", f"({' '.join(found)})"
    value, sign = (yield from words.text(runner, assignment.value)), "+=" if assignment.append else "="
    if assignment.key is not None:
        key = yield from words.text(runner, assignment.key)
        before = shell.variables.get(f"{name}[{key}]", "") if assignment.append else ""
        put(shell, name, key, before + value)
        return f"{name}[{key}]{sign}", value
    whole = of_kind(shell, name, value, append=assignment.append)
    if f"{name}[@]" in shell.variables:
        put(shell, name, "0", whole)
    else:
        shell.set(name, whole)
    return f"{name}{sign}", value


def of_kind(shell: ShellState, name: str, value: str, *, append: bool) -> str:
    """Return what a variable becomes when it is set to a value, or the value is added to it."""
    kind, before = shell.kinds.get(name, ""), shell.variables.get(name, "") if append else ""
    if "i" in kind:
        numbers = [arithmetic(one[:1024], shell.variables) or 0 for one in (before, value) if one]
        return str(sum(numbers))
    whole = before + value
    return whole.lower() if "l" in kind else whole.upper() if "u" in kind else whole


def clear(shell: ShellState, name: str) -> None:
    """Remove an array's elements."""
    for key in [one for one in shell.variables if one.startswith(f"{name}[")]:
        shell.unset(key)


def remove(shell: ShellState, name: str, key: str) -> None:
    """Remove one element, or with `@` or `*` all of them; a plain variable is its own first element."""
    if f"{name}[@]" not in shell.variables:
        if key == "0":
            shell.unset(name)
        return
    if key in ("@", "*"):
        clear(shell, name)
        shell.unset(name)
        return
    shell.unset(f"{name}[{index_of(shell, name, key)}]")
    join(shell, name)


def fill(shell: ShellState, name: str, values: list[str]) -> None:
    """Set an array to these values."""
    clear(shell, name)
    for index, value in enumerate(values[:MAX_ELEMENTS]):
        shell.set(f"{name}[{index}]", value)
    join(shell, name)


def _compose(shell: ShellState, name: str, elements: list[str], *, append: bool) -> Steps[None]:
    """Set an array to what stands in parentheses, each a value or `[key]=value`; or add that."""
    if not append:
        clear(shell, name)
    after = following(shell, name) if append else 0
    for element in elements[:MAX_ELEMENTS]:
        yield from turn()
        key, closed, value = element[1:].partition("]=") if element.startswith("[") else ("", "", "")
        index = index_of(shell, name, key) if closed else str(after)
        shell.set(f"{name}[{index}]", value if closed else element)
        after = int(index) + 1 if index.isdecimal() else after
    join(shell, name)
