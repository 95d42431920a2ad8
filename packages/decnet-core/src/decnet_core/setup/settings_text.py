# SPDX-License-Identifier: MIT
"""The initial settings file: every setting with its default, commented out, and its documentation.

It is generated from the Structs that the settings are read with and from the docstrings of their fields, so it cannot
name a setting that does not exist. `#name = value` is a setting, `# Words` document the one below.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec

from decnet_core.setup.field_docs import field_docs

_HEAD = """\
# The settings of this fleet. A line such as `#name = value` shows a default; remove the # to change it.
# Any of them can be overridden in decnet.env, as DECNET_<SECTION>_<NAME>=value.
# Which ports below 1024 are used, and where bus and database are, is also in the units: run `decnet init` after that.
"""
_WIDTH = 116


def settings_text(sections: Mapping[str, type[msgspec.Struct]], chosen: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the file for `sections` (name to Struct); `chosen` values are set, all others commented out."""
    parts = [_HEAD]
    for name, shape in sections.items():
        if msgspec.structs.fields(shape):
            parts.append("\n".join(_table(name, shape, chosen.get(name, {}))) + "\n")
    return "\n".join(parts)


def with_setting(text: str, section: str, key: str, value: Any) -> str:
    """Return the settings file `text`, in which `key` is not set, with it: below its section's line, or at the end."""
    line = f"{key} = {_toml(value)}\n"
    header = re.search(rf"^[ \t]*\[[ \t]*{re.escape(section)}[ \t]*\][^\n]*(?:\n|$)", text, re.MULTILINE)
    if header is None:
        return f"{text.rstrip()}\n\n[{section}]\n{line}".lstrip("\n")
    before = text[: header.end()]
    return before + ("" if before.endswith("\n") else "\n") + line + text[header.end() :]


def environment_text() -> str:
    """Return the environment file; it sets nothing, for settings belong in decnet.toml."""
    return (
        "# Environment of all units of the fleet (EnvironmentFile= of systemd.exec(5)), for secrets\n"
        "# that should not stand in decnet.toml, e.g.\n"
        "#DECNET_DATABASE_URL=postgresql+psycopg://decnet:PASSWORD@db.example.net/decnet\n"
    )


def _table(name: str, shape: type[msgspec.Struct], chosen: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    docs, below = field_docs(shape), []
    samples: list[str] = []
    for field in msgspec.structs.fields(shape):
        value = chosen.get(field.encode_name, _default(field))
        if isinstance(value, msgspec.Struct):
            below.append((f"{name}.{field.encode_name}", type(value)))
            continue
        samples += _sample(f"{name}.{field.encode_name}", field)
        yield from (f"# {line}" for line in textwrap.wrap(docs.get(field.name, ""), _WIDTH))
        mark = "" if field.encode_name in chosen else "#"
        yield f"{mark}{field.encode_name} = {_toml(value)}"
    for title, part in below:
        yield ""
        yield from _table(title, part, {})
    yield from samples


def _sample(title: str, field: msgspec.structs.FieldInfo) -> list[str]:
    """Return an example of a table that may be repeated, as a comment; it has to follow the plain settings."""
    for shape in get_args(field.type):
        example = getattr(shape, "EXAMPLE", None)
        if example is not None:
            lines = [f"[[{title}]]", *(f"{key} = {_toml(value)}" for key, value in example.items())]
            return ["", "# For example; repeat it for each:", *(f"#   {line}" for line in lines)]
    return []


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def _toml(value: Any) -> str:
    """Return a value in TOML; its strings are JSON's, but for characters that no default has."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value)
