# SPDX-License-Identifier: MIT
"""Handlers that look only at those query parameters of a route that a request has.

FastAPI looks for each parameter of a route, and of what it depends on, by its type and its aliases: of a listing with
19 of them that took as long as its query. One that is absent has its default, which the function has itself; so for
each set of parameters that requests have, a handler is made of the route without the others.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from copy import copy
from functools import lru_cache
from typing import Any

from fastapi import Request, routing
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response

from decnet_core.settings import suggestion
from decnet_web.api.listings.solving import Handler, solving
from decnet_web.api.problems import Problem

MOST_HANDLERS = 4
"""Of one route, about 4 KiB each; those that were asked for last."""


_UNCHANGING = (str, int, float, type(None))
"""Of other types FastAPI makes a copy for each request."""


def narrowing(route: APIRoute) -> Handler:
    """Return what answers a request to the route as its own handler does."""
    whole = dependant_of(route)
    omissible = frozenset(_omissible(whole))
    known = frozenset(field.alias for field in omissible)

    @lru_cache(MOST_HANDLERS)
    def handler(given: frozenset[str]) -> Handler:
        narrowed = copy(route)
        narrowed.dependant = _without(whole, frozenset(field for field in omissible if field.alias not in given))
        return solving(narrowed) or APIRoute.get_route_handler(narrowed)

    async def handle(request: Request) -> Response:
        return await handler(known.intersection(request.query_params))(request)

    return handle


def names_of(dependant: Dependant) -> frozenset[str]:
    """Return the names of all query parameters of a route and of what it depends on."""
    own = (field.alias for field in dependant.query_params)
    return frozenset(own).union(*(names_of(one) for one in dependant.dependencies))


def refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """Raise Problem 422 for a query parameter that there is not: without a filter, the answer would be of all rows."""
    for name in request.query_params:
        if name not in known:
            what = f"there is no such parameter{suggestion(name[:100], known) if known else ''}"
            wrong = [{"where": f"query/{name[:100]}", "what": what}]
            raise Problem(422, title="Bad input", detail=f"query/{name[:100]}: {what}", errors=wrong)


def dependant_of(route: APIRoute) -> Dependant:
    """Return what the route depends on where it is being included: also what `include_router(dependencies=)` adds.

    FastAPI tells that by a variable of its own; a version without it makes a new route, which has them itself.
    """
    including = getattr(routing, "_effective_route_context_var", None)
    context = None if including is None else including.get()
    dependant: Dependant = route.dependant
    if context is not None and context.original_route is route:
        dependant = context.dependant
    return dependant


def _omissible(dependant: Dependant) -> Iterator[Any]:
    """Yield the query parameters that functions have a default for, of all that the route depends on."""
    for one in dependant.dependencies:
        yield from _omissible(one)
    yield from (field for field in dependant.query_params if _has_own_default(dependant, field))


def _has_own_default(dependant: Dependant, field: Any) -> bool:
    """Return whether the function has the default that FastAPI would give, if the parameter has one name only."""
    if dependant.call is None or field.field_info.is_required() or field.field_info.validate_default:
        return False
    own = inspect.signature(dependant.call).parameters[field.name].default
    same = type(own) is type(field.default) and own == field.default
    return same and isinstance(own, _UNCHANGING) and field.field_info.validation_alias in (None, field.alias)


def _without(dependant: Dependant, absent: frozenset[Any]) -> Dependant:
    narrowed = copy(dependant)
    narrowed.dependencies = [_without(one, absent) for one in dependant.dependencies]
    narrowed.query_params = [field for field in dependant.query_params if field not in absent]
    return narrowed
