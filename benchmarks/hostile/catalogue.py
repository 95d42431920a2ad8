# SPDX-License-Identifier: MIT
"""All attacks, by name."""

from __future__ import annotations

from hostile.attack import Attack
from hostile.attacks import http, http2, protocols, services, shell, ssh

ATTACKS: dict[str, Attack] = {
    one.name: one for module in (http, http2, ssh, shell, services, protocols) for one in module.ATTACKS
}
