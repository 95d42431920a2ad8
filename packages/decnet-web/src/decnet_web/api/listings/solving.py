# SPDX-License-Identifier: MIT
"""Handlers that call a route's dependencies and its function as FastAPI does, with all decided that can be beforehand.

FastAPI finds out at each request what kind of function each dependency is, and looks for bodies, headers, cookies,
background tasks and telemetry. Of a route that has none of these, whose functions are coroutines and which returns an
answer or a model, all that is known beforehand; what parameters mean, and what is wrong with them, FastAPI says.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_typed_return_annotation, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]

_BODIES = ("header_params", "cookie_params", "body_params")
_ASKED = (
    *("response_param_name", "background_tasks_param_name", "security_scopes_param_name", "websocket_param_name"),
    *("http_connection_param_name", "concurrency"),
)
"""What FastAPI would give to a function besides the request, or do about it."""


def solving(route: APIRoute) -> Handler | None:
    """Return what answers a request to a route of GET; None: leave it to FastAPI."""
    answered = _answered(route)
    if answered is None or not _is_plain(route.dependant):
        return None
    whole = _Step(route.dependant)

    async def handle(request: Request) -> Response:
        values, wrong = await whole.values(request, {})
        if wrong:
            raise RequestValidationError(wrong)
        return answered(await whole.call(**values))

    return handle


def answering(handle: Handler) -> ASGIApp:
    """Return the application of a handler; what it raises is answered by Starlette's middleware for exceptions."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    return app


class DirectRoute(APIRoute):
    """A route of which nothing but its own dependencies is asked for (`solving`), whatever includes its router."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.methods == {"GET"} and (handle := solving(self)) is not None:
            self.app = answering(handle)


class _Step:
    """A function, and what has to be called before it."""

    def __init__(self, dependant: Dependant) -> None:
        self.call: Callable[..., Any] = dependant.call  # type: ignore[assignment]  # `_is_plain`
        self._name = dependant.name
        self._request = dependant.request_param_name
        self._path, self._query = dependant.path_params, dependant.query_params
        self._before = [_Step(one) for one in dependant.dependencies]

    async def values(self, request: Request, known: dict[Any, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Return the arguments of the function, and what is wrong with them; `known` has what functions returned."""
        values: dict[str, Any] = {}
        errors: list[Any] = []
        for one in self._before:
            if one.call not in known:
                inner, wrong = await one.values(request, known)
                if wrong:
                    errors += wrong
                    continue
                known[one.call] = await one.call(**inner)
            if one._name is not None:
                values[one._name] = known[one.call]
        for parameters, given in ((self._path, request.path_params), (self._query, request.query_params)):
            if parameters:
                found, wrong = request_params_to_args(parameters, given)
                values |= found
                errors += wrong
        if self._request is not None:
            values[self._request] = request
        return values, errors


def _is_plain(dependant: Dependant) -> bool:
    call = dependant.call
    coroutine = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004  # asks for the function, not whether it can be called
    if not coroutine or not dependant.use_cache or dependant.own_oauth_scopes:
        return False
    if any(getattr(dependant, name) for name in _BODIES) or any(getattr(dependant, name, None) for name in _ASKED):
        return False
    return all(map(_is_plain, dependant.dependencies))


def _answered(route: APIRoute) -> Callable[[Any], Response] | None:
    """Return what makes the answer of what the function returns; None: FastAPI has to."""
    declared = get_typed_return_annotation(route.dependant.call)  # type: ignore[arg-type]  # `_is_plain`
    if not inspect.isclass(declared):
        return None
    if issubclass(declared, Response):
        return _as_it_is
    if not issubclass(declared, BaseModel) or declared is not route.response_model or route.status_code is not None:
        return None
    return lambda model: Response(_json(declared, model), media_type="application/json")


def _as_it_is(answer: Any) -> Response:
    response: Response = answer
    return response


def _json(declared: type[BaseModel], model: Any) -> bytes:
    return declared.__pydantic_serializer__.to_json(model, by_alias=True)  # which may be built only now
