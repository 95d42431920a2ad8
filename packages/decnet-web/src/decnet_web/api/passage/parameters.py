# SPDX-License-Identifier: MIT
"""Refuses parameters that FastAPI would take otherwise than they look.

Of a parameter that comes twice it takes the last, where another program on the way may take the first; and of numbers
Python reads more spellings than people write: `+5`, ` 5`, `5_0`. Those of routes for everybody are texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from starlette.datastructures import QueryParams

from decnet_web.api.problems import Problem

_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ASKED = {int: (_WHOLE, "a whole number is written with digits only"), float: (_NUMBER, "a number is written as 1.5")}
_KNOWN: dict[Callable[..., Any], dict[str, frozenset[Any]]] = {}
"""Of what types each parameter of a route may be, by the route's function."""


def refuse_ambiguous(request: Request) -> None:
    """Raise Problem 422 for a parameter that comes twice and is no list, or is a number in an unusual spelling."""
    query: QueryParams | tuple[()] = request.query_params if request.scope["query_string"] else ()
    path = request.path_params
    if not (query or path):
        return
    types = _types_of(request.scope["route"])
    given = [("query", *pair) for pair in query.multi_items()] if query else []
    seen: set[str] = set()
    for where, name, text in (*given, *(("path", name, str(text)) for name, text in path.items())):
        of = types.get(name, frozenset())
        if where == "query" and name in seen and list not in of:
            raise _bad(where, name, "it came twice, and takes one value")
        seen.add(name)
        for kind, (spelling, what) in _ASKED.items():
            if kind in of and not spelling.fullmatch(text):
                raise _bad(where, name, what)


def _bad(where: str, name: str, what: str) -> Problem:
    place = f"{where}/{name[:100]}"
    return Problem(422, title="Bad input", detail=f"{place}: {what}", errors=[{"where": place, "what": what}])


def _types_of(route: Any) -> dict[str, frozenset[Any]]:
    known = _KNOWN.get(route.endpoint)
    if known is None:
        known = _KNOWN[route.endpoint] = dict(_fields(route.dependant))
    return known


def _fields(dependant: Dependant) -> Iterator[tuple[str, frozenset[Any]]]:
    for one in dependant.dependencies:
        yield from _fields(one)
    for field in (*dependant.query_params, *dependant.path_params):
        yield field.alias, frozenset(_types(field.field_info.annotation))


def _types(annotation: Any) -> Iterator[Any]:
    """Yield a type, or those of a union, without what they contain."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) or origin is None or (isinstance(origin, type) and issubclass(origin, list)):
        yield origin or annotation
        return
    for one in get_args(annotation):
        yield from _types(one)
