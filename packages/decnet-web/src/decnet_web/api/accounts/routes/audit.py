# SPDX-License-Identifier: MIT
"""The audit: what people and programs did with the API, the dashboard and commands."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet_models.accounts import audit
from decnet_models.accounts.audit import Means
from decnet_web.api.dependencies import Admin, InFleet, InPaging, InWindow, OrderDirection
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page

router = APIRouter(prefix="/audit", tags=["audit"])


class AuditRow(Answer):
    """Something that a person or a program did."""

    id: int
    """The number of the entry, in order of time."""
    ts: Moment
    """When it was done."""
    actor: str
    """The account's name as it was then, or the user of this host who ran a command; (nobody): without a log-in."""
    means: Means
    """How the actor was authenticated."""
    address: str | None
    """The address that the request came from."""
    action: str
    """What was done: account.disable, session.begin, ..."""
    object: str | None
    """What it was done to."""
    detail: dict[str, Any]
    """Everything else worth knowing."""


@router.get("", response_model=Page[AuditRow])
async def list_audit(  # noqa: PLR0917  # its filters
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _admin: Admin,
    direction: OrderDirection = "desc",
    actor: Annotated[str | None, Query(max_length=255, description="Only by this one.")] = None,
    action: Annotated[
        str | None, Query(max_length=64, description="Only this action, or those that begin with it: `account`.")
    ] = None,
    object: Annotated[str | None, Query(max_length=255, description="Only to this object.")] = None,  # noqa: A002  # its name
) -> Response:
    """List what was done, by default the latest first."""

    def fetch(connection: Connection, position: tuple[int] | None, limit: int) -> list[AuditRow]:
        found = audit.entries(
            connection,
            limit,
            actor=actor,
            object=object,
            action=action,
            since=window.since,
            until=window.until,
            before=position[0] if position else None,
            direction=direction,
        )
        return [AuditRow.model_validate(one) for one in found]

    return await paging.answer(fleet, fetch, lambda row: (row.id,))
