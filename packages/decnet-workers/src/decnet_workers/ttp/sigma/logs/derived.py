# SPDX-License-Identifier: MIT
"""Fields that other logs have and our events have in another form: parts of a request's target, of a command line."""

from collections.abc import Callable
from functools import lru_cache, partial

from decnet_core.events.catalogue import kind_of
from decnet_core.events.envelope import Event
from decnet_workers.ttp.sigma.fields import Field, Values
from decnet_workers.ttp.sigma.logs.shell_words import SimpleCommand, simple_commands

Logtypes = dict[str, list[tuple[int, dict[str, object]]]]
"""By the kind of an event, OpenCanary's numbers for it, each with what the event's fields must be."""


def derived(name: str, logtypes: Logtypes) -> Field:
    """Return the field that a mapping names `ATTRIBUTE:PART`; raises KeyError for an unknown one."""
    if name == "opencanary:logtype":
        return Field(name, "number", partial(_logtype, logtypes), _LOGTYPE_READS)
    if name.startswith("command:word"):
        return Field(name, "text", partial(_word, int(name.removeprefix("command:word"))), ("command",))
    return Field(name, "text", _READERS[name], (name.partition(":")[0],))


_LOGTYPE_READS = ("service", "action", "technique", "method", "status", "success")


def _logtype(logtypes: Logtypes, event: Event) -> Values:
    payload = event.payload
    return tuple(
        number
        for number, conditions in logtypes.get(kind_of(payload), ())
        if all(getattr(payload, name, None) == value for name, value in conditions.items())
    )


def _path(event: Event) -> Values:
    target = str(getattr(event.payload, "target", ""))
    scheme, found, rest = target.partition("://")
    if found and scheme.isalpha():
        target = "/" + rest.partition("/")[2]
    return (target.partition("?")[0],)


def _query(event: Event) -> Values:
    _, found, query = str(getattr(event.payload, "target", "")).partition("?")
    return (query,) if found else ()


@lru_cache(maxsize=64)
def _first(line: str) -> SimpleCommand | None:
    commands = simple_commands(line)
    return commands[0] if commands else None


def _image(event: Event) -> Values:
    command = _first(str(getattr(event.payload, "command", "")))
    return command.images if command else ()


def _program(event: Event) -> Values:
    command = _first(str(getattr(event.payload, "command", "")))
    return (command.program,) if command else ()


def _word(number: int, event: Event) -> Values:
    command = _first(str(getattr(event.payload, "command", "")))
    return command.words[number : number + 1] if command else ()


def _execve(_event: Event) -> Values:
    return ("EXECVE",)


_READERS: dict[str, Callable[[Event], Values]] = {
    "target:path": _path,
    "target:query": _query,
    "command:image": _image,
    "command:program": _program,
    "command:type": _execve,
}
