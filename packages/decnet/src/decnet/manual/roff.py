# SPDX-License-Identifier: MIT
"""Manual pages in the macros of man(7)."""

import re
from collections.abc import Iterator

from decnet.manual.programs import Command, Parameter


def page(command: Command, version: str) -> str:
    """Return the page of a program; of one with many commands, with a part for each."""
    return "\n".join(_lines(command, version)) + "\n"


def _lines(command: Command, version: str) -> Iterator[str]:
    yield f'.TH "{command.name.upper()}" "1" "" "DECNET {version}" "DECNET"'
    yield ".SH NAME"
    yield f"{_text(command.name)} \\- {_text(command.help.rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield f".B {_text(command.name)}"
    yield "[\\fIOPTION\\fR]... " + ("\\fICOMMAND\\fR ..." if command.commands else _arguments(command))
    yield from _options(".SH OPTIONS", command)
    if command.commands:
        yield ".SH COMMANDS"
    for each in command.commands:
        yield from _part(each)
    yield ".SH EXIT STATUS"
    yield "0 done; 1 something is down, not found or did not hold; 2 wrong usage; 70 a defect; 78 it cannot work here."
    yield ".SH FILES"
    yield ".I /etc/decnet/decnet.toml"
    yield "the settings; \\fIdecnet config show\\fR says where each comes from"


def _part(command: Command) -> Iterator[str]:
    yield f'.SS "{_text(command.name)} {_arguments(command)}"'
    yield _text(command.help)
    yield from _options("", command)
    for each in command.commands:
        yield from _part(each)


def _options(heading: str, command: Command) -> Iterator[str]:
    options = [one for one in command.parameters if one.is_option]
    if heading and (options or command.parameters):
        yield heading
    for one in command.parameters:
        yield ".TP"
        yield ", ".join(f"\\fB{_text(name)}\\fR" for name in one.names) + _value(one)
        yield _text(one.help) or "\\&"
        if one.default:
            yield f"(default: {_text(one.default)})"


def _value(parameter: Parameter) -> str:
    if not parameter.is_option or not parameter.takes_value:
        return ""
    return " \\fI" + _text("|".join(parameter.choices) or ("FILE" if parameter.path else "VALUE")) + "\\fR"


def _arguments(command: Command) -> str:
    names = [one.names[0] if one.required else f"[{one.names[0]}]" for one in command.parameters if not one.is_option]
    return " ".join(map(_text, names))


def _text(text: str) -> str:
    """Return the text with what roff would interpret escaped."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped)
