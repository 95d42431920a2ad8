# SPDX-License-Identifier: MIT
"""All attacks, by name."""

from __future__ import annotations

from hostile.attack import Attack
from hostile.attacks import http, protocols, services, shell, ssh

ATTACKS: dict[str, Attack] = {
    one.name: one for module in (http, ssh, shell, services, protocols) for one in module.ATTACKS
}
