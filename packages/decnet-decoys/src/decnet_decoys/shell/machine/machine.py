# SPDX-License-Identifier: MIT
"""One decky's machine as its commands see it: a persona at an address, up since a moment, with its unchanged files."""

from typing import NamedTuple

from decnet_decoys.personas.schema import Persona, User
from decnet_decoys.shell.machine.condition import Condition, Mount
from decnet_decoys.shell.machine.distribution import mounts
from decnet_decoys.shell.machine.shown_network import ShownNetwork
from decnet_decoys.shell.machine.tree import Tree


class Machine(NamedTuple):
    """What every session on one decky shares."""

    persona: Persona
    given_name: str
    """The name that it has unless an intruder has set another."""
    address: str
    booted: int
    """Unix time."""
    tree: Tree
    users: tuple[User, ...]
    groups: dict[str, int]
    network: ShownNetwork
    secrets: dict[str, str]
    """Passwords by the fields of /etc/shadow that stand for them."""
    condition: Condition

    @property
    def hostname(self) -> str:
        return self.condition.hostname or self.given_name

    def mounts(self) -> list[Mount]:
        """Return what is mounted: what the machine came with, then what intruders mounted."""
        return [*mounts(self.persona), *self.condition.mounts]

    def user(self, name: str) -> User | None:
        return next((user for user in self.users if user.name == name), None)

    def groups_of(self, user: User) -> dict[str, int]:
        """Return the user's groups and their numbers, the first one first."""
        first = next((name for name, gid in self.groups.items() if gid == user.gid), user.name)
        return {first: user.gid} | {name: self.groups[name] for name in user.groups if name in self.groups}

    def expand(self, text: str) -> str:
        """Fill in {hostname}, {kernel} and the like in a persona's text."""
        persona = self.persona
        for key, value in (
            ("hostname", self.hostname),
            ("kernel_build", persona.kernel_build),
            ("kernel", persona.kernel),
            ("machine", persona.machine),
        ):
            text = text.replace("{" + key + "}", value)
        return text
