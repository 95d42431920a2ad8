# SPDX-License-Identifier: MIT
"""Bash's arrays (bash(1), Arrays), kept among the variables: `name[key]` is an element, `name[@]` all values joined.

So they are bounded with the other variables, and copied and restored with them.
"""

from collections.abc import Mapping

from decnet_decoys.shell.expansion.arithmetic import arithmetic

_WHOLE = ("[@]", "[*]")


def keys(variables: Mapping[str, str], name: str) -> list[str]:
    """Return an array's keys in their order; a plain variable is an array with one element."""
    start = f"{name}["
    found = [one[len(start) : -1] for one in variables if one.startswith(start) and not one.endswith(_WHOLE)]
    if all(key.isdecimal() for key in found):
        found.sort(key=int)
    return found or (["0"] if variables.get(name) and f"{name}[@]" not in variables else [])


def values(variables: Mapping[str, str], name: str) -> list[str]:
    """Return an array's values in the order of its keys."""
    return [variables.get(f"{name}[{key}]", variables.get(name, "")) for key in keys(variables, name)]


def elements(variables: Mapping[str, str], name: str, bounds: str) -> list[str]:
    """Return the values that `${name[@]:offset}` names: from the first key on that is not less than the offset."""
    found = keys(variables, name)
    first, colon, size = bounds.partition(":")
    start = arithmetic(first or "0", variables) or 0
    if start > 0 and all(key.isdecimal() for key in found):
        bounds = f"{sum(int(key) < start for key in found)}{colon}{size}"
    return sliced(values(variables, name), bounds, variables)


def keep(variables: dict[str, str], name: str, elements: list[str]) -> None:
    """Set an array that the shell itself has, beyond the bounds of an intruder's; without elements it is gone."""
    variables.update({f"{name}[{index}]": value for index, value in enumerate(elements)})
    gone = len(elements)
    while variables.pop(f"{name}[{gone}]", None) is not None:
        gone += 1
    if elements:
        variables[name] = elements[0]
        variables[f"{name}[@]"] = variables[f"{name}[*]"] = " ".join(elements)
    else:
        for key in ("", *_WHOLE):
            variables.pop(name + key, None)


def sliced(elements: list[str], bounds: str, variables: Mapping[str, str]) -> list[str]:
    """Return the elements that `:offset` or `:offset:length` names."""
    first, _, size = bounds.partition(":")
    start = arithmetic(first or "0", variables) or 0
    start = max(0, len(elements) + start) if start < 0 else start
    return elements[start:] if not size else elements[start : start + max(0, arithmetic(size, variables) or 0)]
