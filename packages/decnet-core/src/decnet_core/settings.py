# SPDX-License-Identifier: MIT
"""Settings: one TOML file and the environment become small frozen Structs; an unknown key is an error.

`/etc/decnet/decnet.toml` (or `DECNET_SETTINGS=FILE`) has one table per section;
`DECNET_<SECTION>_<KEY>` overrides one key. A section is read with the Struct that stands beside the code it configures.
Its `RENAMED` maps former names of settings to the present ones: the former are refused with a message that says so.

Beside the default file lies the environment file of the units, which may hold the database's address and password.
systemd gives them its variables; a command that the operator types must read it itself, or it would look elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from decnet_core.errors import CoreError

DEFAULT_FILE = Path("/etc/decnet/decnet.toml")

_OF_THE_COMMAND = frozenset({"DECNET_API_TOKEN", "DECNET_API_TOKEN_FILE", "DECNET_API_CA", "DECNET_API_PIN"})
"""Variables by which the operator's command finds a remote master: they are no settings of the worker `api`."""
_FALSE = ("", "0", "false")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]")

_WORDS = (
    (r"Object missing required field `(.*)`", "`{}` is missing"),
    (r"Expected `\w+` >= (\S+)", "must be at least {}"),
    (r"Expected `\w+` <= (\S+)", "must be at most {}"),
    (r"Expected `\w+` > (\S+)", "must be more than {}"),
    (r"Expected `\w+` < (\S+)", "must be less than {}"),
    (r"Expected `(\w+)`, got `(\w+)`", "must be {}, not {}"),
    (r"Expected `\w+` of length >= 1", "must not be empty"),
    (r"Expected `\w+` of length >= (\d+)", "must be at least {} long"),
    (r"Expected `\w+` of length <= (\d+)", "must be at most {} long"),
    (r"Expected `str` matching regex (.*)", "must match the pattern {}"),
)
"""What msgspec says, in the words of who writes a settings file."""
_NOUNS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list in brackets",
    "object": "a table",
}

S = TypeVar("S", bound=msgspec.Struct)


class SettingsError(CoreError):
    """A setting is wrong; the message names the file or variable, the key, and what to write instead."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key
        """Of the one setting that is wrong; empty: it is not one alone."""


class Settings:
    """The whole settings: sections of a TOML file, overridden by environment variables."""

    def __init__(self, document: Mapping[str, Any], environ: Mapping[str, str], source: str) -> None:
        self._document = document
        self._environ = environ
        self._source = source
        self._loaded: tuple[Path | None, Mapping[str, str] | None] | None = None
        """What `load` was asked for; None: these were not read from a file."""

    @classmethod
    def load(cls, file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `file`, else `DECNET_SETTINGS`, else the default file when it exists, with the environment file beside.

        Raises SettingsError when a named file cannot be read or is not TOML.
        """
        asked = file, environ
        given = os.environ if environ is None else environ
        named = file or (Path(given["DECNET_SETTINGS"]) if given.get("DECNET_SETTINGS") else None)
        path = named or DEFAULT_FILE
        environ = {**_environment_beside(path), **given} if environ is None and named is None else given
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            if named is not None:
                raise SettingsError(f"{path}: no such file; create it or omit the option") from error
            document = {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path}: {error}") from error
        settings = cls(document, environ, str(path))
        settings._loaded = asked
        return settings

    def read_again(self) -> Settings:
        """Return what the file and the environment say by now; raises SettingsError."""
        return self if self._loaded is None else self.load(*self._loaded)

    @property
    def source(self) -> str:
        """The file that was read, or would have been, had it existed."""
        return self._source

    def plain(self) -> dict[str, Any]:
        """Return what the sections and the variables say, for another process: `Settings(**plain)` is the same."""
        own = {name: text for name, text in self._environ.items() if name.startswith("DECNET_")}
        return {"document": dict(self._document), "environ": own, "source": self._source}

    def sections(self) -> tuple[str, ...]:
        return tuple(self._document)

    def is_set(self, name: str, key: str) -> bool:
        """Tell whether `key` of section `name` has a value that is not empty, zero or false; nothing is checked."""
        table = self._document.get(name, {})
        value = table.get(key) if isinstance(table, dict) else None
        text = self._environ.get(_prefix(name) + key.upper())
        if text is not None:
            value = "" if text.lower() in _FALSE else _value(text, _prefix(name) + key.upper())
        return bool(value)

    def in_file(self, name: str, key: str) -> Any:
        """Return what the file itself says of `key` in section `name`, None for nothing; nothing is checked."""
        table = self._document.get(name, {})
        return table.get(key) if isinstance(table, dict) else None

    def section(self, name: str, shape: type[S]) -> S:
        """Return section `name` as a `shape`; SettingsError for an unknown key, a wrong type or an excluded value."""
        table = self._document.get(name, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{self._source}: [{name}] must be a table")
        for key in table:
            if key not in shape.__struct_encode_fields__:
                _refuse_unknown(self.origin(name, key), name, key, shape)
        values = {**table, **self._from_environment(name, shape)}
        for key, value in values.items():
            if _has_nul(value):
                raise SettingsError(f"{self.origin(name, key)}: [{name}] {key}: must not contain a NUL character", key)
        try:
            return msgspec.convert(values, shape, strict=False)
        except msgspec.ValidationError as error:
            place, said = _readable(error, shape)
            raise SettingsError(f"{self.origin(name, place)}: [{name}] {said}", _key_of(place)) from error

    def without(self, name: str, key: str) -> Settings:
        """Return the same settings with the default for `key` of section `name`."""
        table = {each: value for each, value in self._document.get(name, {}).items() if each != key}
        variable = _prefix(name) + key.upper()
        environ = {each: value for each, value in self._environ.items() if each != variable}
        return Settings({**self._document, name: table}, environ, self._source)

    def origin(self, name: str, place: str) -> str:
        """Return where the value at `place` of section `name` comes from: a variable, or the file with its line.

        A place is a key, or the path to a part of its value: `decky[1].services`. The file alone is named when the line
        cannot be found.
        """
        key, _, rest = place.replace("[", ".", 1).partition(".")
        variable = _prefix(name) + key.upper()
        if variable in self._environ:
            return variable
        number = rest.partition("]")[0]
        line = _line_of(self._source, name, key, int(number) if number.isdecimal() else 0)
        return f"{self._source}:{line}" if line else self._source

    def given(self, name: str, key: str) -> bool:
        """Tell whether the file or the environment says anything of `key` in section `name`."""
        table = self._document.get(name, {})
        return _prefix(name) + key.upper() in self._environ or (isinstance(table, dict) and key in table)

    def section_origin(self, name: str) -> str:
        line = _line_of(self._source, name)
        return f"{self._source}:{line}" if line else self._source

    def _from_environment(self, name: str, shape: type[S]) -> dict[str, Any]:
        prefix = _prefix(name)
        values: dict[str, Any] = {}
        for variable, text in self._environ.items():
            if variable.startswith(prefix) and variable not in _OF_THE_COMMAND:
                key = variable.removeprefix(prefix).lower()
                _refuse_unknown(variable, name, key, shape)
                values[key] = _value(text, variable)
        return values


def _refuse_unknown(source: str, section: str, key: str, shape: type[msgspec.Struct]) -> None:
    known = list(shape.__struct_encode_fields__)
    renamed = getattr(shape, "RENAMED", {})
    if key in renamed:
        raise SettingsError(f"{source}: [{section}] {key} is now called {renamed[key]}; rename it", key)
    if key not in known:
        raise SettingsError(f"{source}: [{section}] has no setting {key!r}{suggestion(key, known)}", key)


def environment_in(text: str) -> dict[str, str]:
    """Return the variables of an environment file in the format of systemd.exec(5), except for continued lines."""
    variables: dict[str, str] = {}
    for line in text.splitlines():
        name, is_one, value = line.strip().partition("=")
        if is_one and not name.startswith(("#", ";")):
            variables[name.strip()] = value.strip().strip("\"'")
    return variables


def _environment_beside(path: Path) -> dict[str, str]:
    with contextlib.suppress(OSError):  # readable for root only: others do without
        return environment_in(path.with_suffix(".env").read_text(encoding="utf-8", errors="replace"))
    return {}


def refuse_unknown_sections(settings: Settings, known: list[str]) -> None:
    """Raise SettingsError for an unknown section of the file."""
    for section in settings.sections():
        if section not in known:
            where = settings.section_origin(section)
            raise SettingsError(f"{where}: there is no section [{section}]{suggestion(section, known)}")


def _prefix(section: str) -> str:
    return f"DECNET_{section.upper().replace('-', '_')}_"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` for the closest known word, else the known ones."""
    import difflib  # only a refused word needs it

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are: {', '.join(names)}"


def _value(text: str, variable: str) -> Any:
    """Lists and tables are written as TOML values; anything else is taken as it stands."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{variable}: {error}") from error


def _has_nul(value: Any) -> bool:
    """Tell whether a text has a NUL, which no path, name or address can have: the system calls refuse it."""
    if isinstance(value, dict):
        return any(map(_has_nul, value.values()))
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def _key_of(place: str) -> str:
    return re.split(r"[.\[]", place)[0]


def _readable(error: msgspec.ValidationError, shape: type[msgspec.Struct]) -> tuple[str, str]:
    """Return the place within the section that an error is about, empty for the section itself, and what it says."""
    message, _, place = str(error).partition(" - at `$.")
    place = place.rstrip("`")
    said = _in_words(message)
    if message.startswith("Invalid enum value") and (choices := _choices(shape, place)):
        said = f"must be one of {', '.join(choices)}, not {message.removeprefix('Invalid enum value ')}"
    return place, f"{place}: {said}" if place else said


def _in_words(message: str) -> str:
    """Return msgspec's message as a sentence about what is in the file."""
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern, message):
            return words.format(*(_NOUNS.get(word, word) for word in found.groups()))
    return message


def _choices(shape: type[msgspec.Struct], place: str) -> list[str]:
    """Return the words that may stand at `place` of a section; none where it has no such list."""
    from msgspec import inspect  # only a refused word needs it

    found: Any = inspect.type_info(shape)
    for step in re.split(r"\.|(?=\[)", place):
        if isinstance(found, inspect.StructType):
            found = next((field.type for field in found.fields if field.encode_name == step), None)
        else:
            found = getattr(found, "item_type", None) or getattr(found, "value_type", None)
    return [str(word) for word in found.values] if isinstance(found, inspect.LiteralType) else []


def _line_of(file: str, section: str, key: str = "", number: int = 0) -> int | None:
    """Return the line of a TOML file in which a section begins, or a key of it is set; of several tables the one asked.

    For a message only: what spans lines, such as a text in three quotes, may look like a key.
    """
    wanted, current, tables = f"{section}.{key}" if key else section, "", 0
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line, text in enumerate(Path(file).read_text(encoding="utf-8-sig").splitlines(), start=1):
            if header := _HEADER.match(text):
                current = header[1].replace(" ", "").replace('"', "")
                if current == wanted:
                    if tables == number:
                        return line
                    tables += 1
            elif key and current == section and _key_in(text) == key:
                return line
    return None


def _key_in(line: str) -> str:
    return line.partition("=")[0].strip().strip("\"'")
