# SPDX-License-Identifier: MIT
"""What was delivered to receivers, what was not, and trying that again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.webhook import endpoints
from decnet_models.webhooks import queries
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Analyst, InFleet, InPaging, OrderDirection
from decnet_web.api.paging import Page
from decnet_web.api.routes.fleet.webhooks.shapes import DeliveryShown, DeliveryState, ReplayAsked, ReplayTaken

router = APIRouter(tags=["webhooks"])

Of = Annotated[str | None, Query(max_length=32, description="Only of this receiver.")]
InState = Annotated[DeliveryState | None, Query(description="Only these; `dead` are those that were given up.")]


@router.get("/webhooks/deliveries", response_model=Page[DeliveryShown])
async def list_deliveries(
    *,
    fleet: InFleet,
    paging: InPaging,
    _analyst: Analyst,
    webhook: Of = None,
    state: InState = None,
    direction: OrderDirection = "desc",
) -> Response:
    """List deliveries, newest first."""

    def fetch(connection: Connection, position: tuple[int] | None, limit: int) -> list[DeliveryShown]:
        after = position[0] if position else None
        found = queries.deliveries(connection, limit, webhook_id=webhook, state=state, after=after, direction=direction)
        return [DeliveryShown.model_validate(one) for one in found]

    return await paging.answer(fleet, fetch, lambda row: (row.notice_seq if webhook else row.id,))


@router.post("/webhooks/{webhook}/replay")
async def replay_deliveries(
    webhook: Annotated[str, Path(max_length=32)],
    asked: ReplayAsked,
    fleet: InFleet,
    analyst: Analyst,
) -> ReplayTaken:
    """Try a receiver's dead deliveries again, with their old message ids."""

    def request(connection: Connection) -> int:
        count = endpoints.replay(connection, webhook, asked.delivery)
        record(connection, analyst, "webhook.replay", webhook, count=count, delivery=asked.delivery)
        return count

    count = await fleet.write(request)
    await endpoints.nudged(fleet.deployment, 0)
    return ReplayTaken(count=count)
