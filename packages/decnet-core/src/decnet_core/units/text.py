# SPDX-License-Identifier: MIT
"""The form of a unit file (systemd.syntax(7)): sections of Name=value lines."""

from collections.abc import Iterator, Mapping

HEADER = (
    "# Written by `decnet init`, on a sensor by `decnet-supervise init`.\n"
    "# Put changes into a drop-in (`systemctl edit {unit}`); it keeps those.\n"
)

Value = str | int | bool | tuple[str, ...] | list[str]


def unit(name: str, *sections: tuple[str, Mapping[str, Value]]) -> str:
    """Return the text of unit `name`; a tuple is one line of words, a list is many lines."""
    parts = [HEADER.format(unit=name)]
    for title, values in sections:
        lines = [line for key, value in values.items() for line in _lines(key, value)]
        parts.append("\n".join([f"[{title}]", *lines]) + "\n")
    return "\n".join(parts)


def escaped(text: str) -> str:
    """Return `text` for a value in which `%` begins a specifier."""
    return " ".join(text.split()).replace("%", "%%")


def _lines(key: str, value: Value) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        yield f"{key}={_written(each)}"


def _written(value: str | int | bool | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, tuple) else str(value)
