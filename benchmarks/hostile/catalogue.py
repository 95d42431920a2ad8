# SPDX-License-Identifier: MIT
"""All attacks, by name."""

from __future__ import annotations

from hostile.attack import Attack
from hostile.attacks import http, services, shell, ssh

ATTACKS: dict[str, Attack] = {one.name: one for one in (*http.ATTACKS, *ssh.ATTACKS, *shell.ATTACKS, *services.ATTACKS)}
