# SPDX-License-Identifier: MIT
"""What a persona must not say of itself, because a visitor would notice; each sentence names the key."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from decnet_decoys.personas.schema import Persona

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TEXTS = frozenset({"motd", "files", "body", "error_page", "error_pages", "services"})
"""Fields whose text may have several lines; of the services those that are headers of a protocol are looked at."""
_LINED = ("ssh", "http")


def contradictions(persona: Persona) -> Iterator[str]:
    """Yield each contradiction; what cannot be checked here are the texts."""
    yield from _without_shell(persona) if persona.family is None else _with_shell(persona)
    for service in persona.ports.keys() - persona.services.keys():
        yield f"ports.{service}: the persona has no table [services.{service}]"
    if not persona.mac_prefixes:
        yield "mac_prefixes: give at least one, e.g. 52:54:00"
    yield from _broken_lines("", persona)
    for service in _LINED:
        yield from _broken_lines(f"services.{service}", persona.services.get(service))


def _broken_lines(place: str, value: Any) -> Iterator[str]:
    """Yield what must be on one line and is not: a line break in a header would be the end of it."""
    left = [(place, value)]
    while left:
        place, value = left.pop()
        if isinstance(value, str) and _CONTROL.search(value):
            yield f"{place}: this must be one line without control characters"
        elif isinstance(value, msgspec.Struct):
            left += [
                (f"{place}.{name}".lstrip("."), getattr(value, name))
                for name in value.__struct_fields__
                if name not in _TEXTS
            ]
        elif isinstance(value, dict):
            left += [(f"{place}.{_CONTROL.sub('?', key)}", each) for key, each in value.items()]
            left += [(f"{place}: a key", key) for key in value]
        elif isinstance(value, tuple | list):
            left += [(f"{place}[{index}]", each) for index, each in enumerate(value)]


def _without_shell(persona: Persona) -> Iterator[str]:
    """A login that succeeds opens a shell, which this persona has not."""
    for index, user in enumerate(persona.users):
        if user.passwords:
            yield f"users[{index}].passwords: without `family` there is no shell to log in to; omit them"
    ssh: Any = persona.services.get("ssh")
    if ssh is not None and ssh.accept_after:
        yield "services.ssh.accept_after: without `family` there is no shell to log in to; omit it"


def _with_shell(persona: Persona) -> Iterator[str]:
    for key in ("kernel", "kernel_build"):
        if not getattr(persona, key):
            yield f"{key}: a persona with `family` needs it"
    can_log_in = any(user.passwords for user in persona.users)
    if can_log_in and not (persona.hardware.cpu and persona.hardware.disks):
        yield "hardware: a persona whose users log in needs a processor and a disk"
    known = {process.pid for process in persona.processes}
    for index, listener in enumerate(persona.listeners):
        if listener.pid and listener.pid not in known:
            yield f"listeners[{index}].pid: there is no process {listener.pid}"
    for index, user in enumerate(persona.users):
        if user.passwords and not user.shell.endswith("sh"):
            yield f"users[{index}].passwords: the account cannot log in with the shell {user.shell}"
