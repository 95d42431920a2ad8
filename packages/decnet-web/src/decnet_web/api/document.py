# SPDX-License-Identifier: MIT
"""The OpenAPI 3.1 document: `python -m decnet_web.api.document` prints it.

What FastAPI derives from the routes is completed by what their dependencies say: who may call a route, that errors are
problem details, and which listings can be exported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, cast

import msgspec
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from decnet_models.accounts.queries import Role
from decnet_web.api.dependencies import access_of
from decnet_web.api.listings.exports import CSV, NDJSON

SECURITY: dict[str, dict[str, Any]] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-decnet",
        "description": "A session, opened by POST /api/v1/session; writes need the header X-CSRF-Token.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "An API token, made by POST /api/v1/tokens."},
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong and what to do (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "about:blank: the title says it."},
        "title": {"type": "string", "description": "What kind of error it is."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "What happened and what to do."},
        "errors": {
            "type": "array",
            "description": "Which fields are wrong, and why.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
        "error_id": {"type": "string", "description": "By which the log of api shows a defect."},
    },
    "additionalProperties": True,
}

TAGS = {
    "session": "Logging in and out.",
    "account": "Your own account.",
}
"""What the groups of routes are about, where their names do not say it."""


class Operation(msgspec.Struct, frozen=True):
    """One method of one path, and who may use it."""

    method: str
    path: str
    name: str
    roles: tuple[Role, ...]
    """Of its access dependencies: a route has one, or none if it is open to everybody."""


def routes_of(application: FastAPI) -> Iterator[APIRoute]:
    """Yield the application's own routes: all but that of the document itself."""
    for context in iter_route_contexts(application.routes):
        if getattr(context, "dependant", None) is not None:
            yield cast("APIRoute", context)


def operations(application: FastAPI) -> Iterator[Operation]:
    """Yield all operations of the application's own routes."""
    for route in routes_of(application):
        roles = tuple(access_of(route.dependant))
        for method in sorted(route.methods or ()):
            yield Operation(method, route.path_format, route.name, roles)


def description(application: FastAPI) -> dict[str, Any]:
    """Return the document as JSON's types."""
    found = FastAPI.openapi(application)
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = SECURITY
    for one in operations(application):
        operation = found["paths"].get(one.path, {}).get(one.method.lower())
        if operation is not None:
            _complete(operation, one.roles)
    used = {tag for path in found["paths"].values() for each in path.values() for tag in each.get("tags", ())}
    found["tags"] = [{"name": tag, "description": TAGS.get(tag, "")} for tag in sorted(used)]
    return found


def _complete(operation: dict[str, Any], roles: tuple[Role, ...]) -> None:
    responses = operation.setdefault("responses", {})
    if roles:
        operation["security"] = [{name: []} for name in SECURITY]
        operation["x-role"] = roles[0]
        responses["401"] = _problem("Nobody has logged in.")
        responses["403"] = _problem(f"It needs the role {roles[0]}.")
    else:
        operation["security"] = []
    if "422" in responses:
        responses["422"] = _problem("What was sent is not valid.")
    responses["default"] = _problem("It cannot be done.")
    schema = responses.get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").rpartition("/")[2].startswith("Page_"):
        operation["x-exports"] = [CSV, NDJSON]


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


def document() -> str:
    """Return the document as text."""
    from decnet_web.api.application import make_application

    return json.dumps(make_application(None).openapi(), indent=1, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(document() + "\n")
