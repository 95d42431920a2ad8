# SPDX-License-Identifier: MIT
"""What routes ask for: the fleet, the principal with at least a role, a span of time, a page.

Every route names exactly one of `Viewer`, `Analyst`, `Admin`, or is open to everybody (log-in, health): the access
matrix in tests/decnet_web/api/test_access_matrix.py lists all of them. Dependencies are coroutines: FastAPI runs plain
functions and classes in a thread each, which costs more than most of them do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant

from decnet.cli.time_window import time_window
from decnet_models.accounts.queries import Role
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.window import Window
from decnet_web.api.accounts.authentication import authenticate
from decnet_web.api.accounts.scopes import allows, needed
from decnet_web.api.fleet import Fleet
from decnet_web.api.paging import LARGEST, Paging
from decnet_web.api.passage.idempotency import begin
from decnet_web.api.passage.parameters import refuse_ambiguous
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem


async def fleet_of(request: Request) -> Fleet:
    """Return the fleet that the application serves."""
    fleet: Fleet = request.app.state.fleet
    return fleet


InFleet = Annotated[Fleet, Depends(fleet_of)]


class Access:
    """Lets those through who have at least a role; the rest is 401 or 403. A request is asked about once."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request) -> Principal:
        if getattr(request.state, "let_through_by", None) is self:
            allowed: Principal = request.state.principal
            return allowed
        fleet: Fleet = request.app.state.fleet  # not a dependency of a dependency: FastAPI takes longer to find it
        principal = await authenticate(request, fleet)
        request.state.principal = principal
        request.app.state.rates.take(f"account {principal.account.id}")
        if not principal.may(self.role):
            raise Problem(403, detail=f"this needs the role {self.role}; yours is {principal.role}")
        scope = needed(request.method, self.role, getattr(request.scope.get("route"), "tags", ()))
        if not allows(principal.scopes, scope):
            raise Problem(403, detail=f"this needs a token with the scope {scope}")
        refuse_ambiguous(request)
        await begin(request, fleet, principal, request.app.state.key)
        request.state.let_through_by = self
        return principal


def access_of(dependant: Dependant) -> Iterator[Role]:
    """Yield the roles that a route's dependencies ask for."""
    for one in dependant.dependencies:
        if isinstance(one.call, Access):
            yield one.call.role
        yield from access_of(one)


Viewer = Annotated[Principal, Depends(Access("viewer"))]
Analyst = Annotated[Principal, Depends(Access("analyst"))]
Admin = Annotated[Principal, Depends(Access("admin"))]


async def _window(
    since: Annotated[
        str | None, Query(max_length=64, description="Only from this time on: RFC 3339, or ago as `24h`, `7d`.")
    ] = None,
    until: Annotated[str | None, Query(max_length=64, description="Only before this time.")] = None,
) -> Window:
    return time_window(since, until, names=("since", "until"))


InWindow = Annotated[Window, Depends(_window)]
"""The span of the query parameters `since` and `until`; by default all of time."""


async def _paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LARGEST, description="The most rows of a page.")] = 100,
    after: Annotated[
        str | None, Query(max_length=2048, description="`next` of the previous page; absent: the first page.")
    ] = None,
) -> Paging:
    return Paging(request, limit, after)


OrderDirection = Annotated[Direction, Query(description="Highest or latest first (`desc`), or last (`asc`).")]
"""The direction of a listing's order."""

InPaging = Annotated[Paging, Depends(_paging)]
"""The page of a listing that is asked for."""
