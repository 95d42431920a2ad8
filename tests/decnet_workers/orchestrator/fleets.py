# SPDX-License-Identifier: MIT
"""Deckies and personas as values, for the tests of what is planned for them."""

from __future__ import annotations

from typing import Any

import msgspec

from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.realism.queries import Persona
from decnet_workers.orchestrator.plan import Host

USERS = [
    {"name": "root", "uid": 0, "gid": 0, "home": "/root", "shell": "/bin/bash", "passwords": ["a"]},
    {"name": "deploy", "uid": 1000, "gid": 1000, "home": "/home/deploy", "shell": "/bin/bash", "passwords": ["b"]},
    {"name": "mysql", "uid": 106, "gid": 112, "home": "/nonexistent", "shell": "/bin/false"},
]
OFFICE = Persona("office", "Debian", {"family": "debian", "users": USERS}, "UTC", 8 * 60, 17 * 60, 0b0011111, 1)
BOTH = (Service("http", 8080), Service("ssh", 2222))


def decky(number: int, **changes: Any) -> Decky:
    one = Decky(
        name=f"host-{number:02}",
        addresses=(Address(f"127.77.3.{number}"),),
        host_name=f"host-{number:02}",
        runtime="loopback",
        persona="office",
        services=BOTH,
        version=1,
        seed=1000 + number,
    )
    return msgspec.structs.replace(one, **changes)


def hosts(count: int, persona: Persona = OFFICE, **changes: Any) -> list[Host]:
    return [Host(decky(number, **changes), persona) for number in range(1, count + 1)]
