# SPDX-License-Identifier: MIT
"""The audit of what principals do: every write, and every look at a secret."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection

from decnet_models.accounts import audit
from decnet_web.api.fleet import Fleet
from decnet_web.api.principal import Principal


def record(connection: Connection, principal: Principal, action: str, target: str | None = None, **detail: Any) -> None:
    """Write an entry such as `webhook.remove`; belongs in the transaction of the action. No secrets in `detail`."""
    entry = audit.Entry(
        actor=principal.account.name,
        means=principal.means,
        action=action,
        ts=time.time_ns(),
        object=target,
        address=principal.address,
        detail=detail,
    )
    audit.record(connection, entry)


async def audited(fleet: Fleet, principal: Principal, action: str, target: str | None = None, **detail: Any) -> None:
    """Write an entry in a transaction of its own, for what was done without one."""
    await fleet.write(lambda connection: record(connection, principal, action, target, **detail))
