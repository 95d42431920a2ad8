# SPDX-License-Identifier: MIT
"""What a persona must not say of itself, because a visitor would notice; each sentence names the key."""

from collections.abc import Iterator
from typing import Any

from decnet_decoys.personas.schema import Persona


def contradictions(persona: Persona) -> Iterator[str]:
    """Yield each contradiction; what cannot be checked here are the texts."""
    yield from _without_shell(persona) if persona.family is None else _with_shell(persona)
    for service in persona.ports.keys() - persona.services.keys():
        yield f"ports.{service}: the persona has no table [services.{service}]"
    if not persona.mac_prefixes:
        yield "mac_prefixes: give at least one, e.g. 52:54:00"


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
