# SPDX-License-Identifier: MIT
"""Elements of arrays, as assignments and arithmetic set them."""

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.state import ShellState

MAX_KEY = 64


def set_named(shell: ShellState, name: str, value: str) -> None:
    """Set a variable, or the element that `name[key]` is, as arithmetic does."""
    head, bracket, key = name.partition("[")
    if bracket:
        put(shell, head, key.removesuffix("]"), value)
    else:
        shell.set(name, value)


def put(shell: ShellState, name: str, key: str, value: str) -> None:
    """Set one element; `key` is computed unless the array is associative."""
    shell.set(f"{name}[{index_of(shell, name, key)}]", value)
    join(shell, name)


def index_of(shell: ShellState, name: str, key: str) -> str:
    """Return an element's key: computed, unless the array is associative."""
    if name in shell.associative:
        return key[:MAX_KEY]
    number = arithmetic(key, shell.variables) or 0
    if number < 0:
        number += following(shell, name)
    return str(max(0, number))


def following(shell: ShellState, name: str) -> int:
    """Return the index after an array's last element."""
    return max((int(key) for key in arrays.keys(shell.variables, name) if key.isdecimal()), default=-1) + 1


def join(shell: ShellState, name: str) -> None:
    """Keep what `$name` and `${name[@]}` are beside the elements."""
    whole = " ".join(arrays.values(shell.variables, name))[:MAX_WORD]
    first = shell.variables.get(f"{name}[0]", "")
    for key, value in ((name, first), (f"{name}[@]", whole), (f"{name}[*]", whole)):
        shell.set(key, value)
