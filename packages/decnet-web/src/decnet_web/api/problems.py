# SPDX-License-Identifier: MIT
"""Errors as problem details (RFC 9457): what happened and what to do, never a traceback, never a secret.

A route raises `Problem`, or lets the errors of `decnet` through: NotFoundError is 404, UnavailableError 503, other
operator's errors 409.
"""

from __future__ import annotations

import http
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from decnet.cli.errors import CommandError, NotFoundError, UnavailableError, WrongUsageError
from decnet_core.bus.interface import BusError
from decnet_core.keys import KeyFileError
from decnet_core.settings import SettingsError
from decnet_core.state import StateError
from decnet_web.errors import WebError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_MOST_FIELDS = 20
_OTHER_BODIES = {
    ("bytes_type", True): "send the file itself, with the Content-Type that the reference names, such as "
    "application/octet-stream",
    ("model_attributes_type", False): "send JSON: Content-Type: application/json",
}
"""What to send where JSON came in place of a file, or a file in place of JSON: by pydantic's name of the error, and
whether JSON came."""


class Problem(WebError):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        title: str = "",
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title or http.HTTPStatus(status).phrase
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def response(self) -> Response:
        """Return the answer."""
        content: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        if self.detail:
            content["detail"] = self.detail
        headers = {"Cache-Control": "no-store", **self.headers}
        body = msgspec.json.encode({**content, **self.extra})
        return Response(body, self.status, headers, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """Return what the client is told of an error that no route handled."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotFoundError):
        return Problem(404, detail=str(error))
    if isinstance(error, WrongUsageError):
        return Problem(422, title="Bad input", detail=str(error))
    if isinstance(error, (UnavailableError, BusError)):
        return Problem(503, detail=str(error), headers={"Retry-After": "5"})
    if isinstance(error, (CommandError, SettingsError, StateError, KeyFileError)):
        return Problem(409, detail=str(error))
    return _defect(error)


def _defect(error: Exception) -> Problem:
    number = secrets.token_hex(6)
    log.error("defect error_id=%s", number, exc_info=error)
    detail = f"a defect of DECNET; the log of api shows it with error_id={number}"
    return Problem(500, detail=detail, error_id=number)


async def _on_error(request: Request, error: Exception) -> Response:  # noqa: ARG001  # the signature of handlers
    answer: Response | None = getattr(error, "answer", None)  # `passage.idempotency.ReplayedError`
    return answer or problem_of(error).response()


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = f"there is nothing at {request.url.path[:200]!r}" if error.status_code == 404 else ""
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _methods(request) or headers.get("Allow", "")
        detail = f"{request.method} is not possible here; {headers['Allow']} is"
    return Problem(error.status_code, detail=detail, headers=headers).response()


def _methods(request: Request) -> str:
    """Return the methods of all routes of the path, of which Starlette names those of the first one only."""
    fitting = (route for route in request.scope["router"].routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for route in fitting for method in getattr(route, "methods", None) or ()}))


async def _on_bad_input(request: Request, error: Exception) -> Response:
    """Say which fields are wrong and why; what was sent is not repeated, for it may be a secret."""
    assert isinstance(error, RequestValidationError)
    is_json = "json" in request.headers.get("content-type", "")
    for one in error.errors():
        if one["loc"] == ("body",) and (remedy := _OTHER_BODIES.get((one["type"], is_json))):
            return Problem(415, detail=remedy).response()
    wrong = [
        {"where": "/".join(str(part)[:100] for part in one["loc"]), "what": str(one["msg"])[:300]}
        for one in error.errors()[:_MOST_FIELDS]
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in wrong[:3])
    return Problem(422, title="Bad input", detail=detail, errors=wrong).response()


Handler = Callable[[Request, Exception], Awaitable[Response]]


def add_handlers(application: FastAPI) -> None:
    """Answer all errors of the application's routes with problem details."""
    application.add_exception_handler(HTTPException, _on_http_error)
    application.add_exception_handler(RequestValidationError, _on_bad_input)
    for kind in (WebError, CommandError, BusError, SettingsError, StateError, KeyFileError):
        application.add_exception_handler(kind, _on_error)
