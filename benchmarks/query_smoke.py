# SPDX-License-Identifier: MIT
"""Every query function of a domain, called with arguments made from its annotations.

Two need that, and neither can forget a function that comes later: a forking parent, in which each statement should be
compiled before the children are forked (`warm_domains`); and the test that looks at every query plan.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import inspect
import itertools
import pkgutil
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import writing
from decnet_models.database.warm_up import warm_up

Query = Callable[..., Any]

_PLAIN: dict[Any, Any] = {
    str: "sample",
    int: 1,
    float: 1.0,
    bool: True,
    bytes: b"sample",
    Any: "sample",
    object: "sample",
    type(None): None,
}
_ROUNDS = ((1, False), (2, False), (2, True))
"""Of each round the highest number of a UUID, and whether functions go backwards: what is undone can be done anew."""


REFUSALS = (DBAPIError, ValueError, msgspec.MsgspecError)
"""What a function may raise at arguments that are not sense to it; its statements are compiled by then."""


def query_functions(domain: str) -> list[Query]:
    """Return the public functions of a domain's modules that take a connection first, by module and name."""
    package = importlib.import_module(f"decnet_models.{domain}")
    found: list[Query] = []
    for module in pkgutil.iter_modules(package.__path__):
        if module.name == "models":  # SQLModel classes: no queries, and not for a process that should stay small
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        found += [
            function
            for name, function in sorted(vars(loaded).items())
            if inspect.isfunction(function)
            and function.__module__ == loaded.__name__
            and not name.startswith("_")
            and _takes_connection(function)
        ]
    return found


def rounds(domains: Iterable[str]) -> Iterator[tuple[Query, dict[str, Any]]]:
    """Yield calls of all functions, several times, so that later ones find the rows that earlier ones have written."""
    functions = [function for domain in domains for function in query_functions(domain)]
    for highest, backwards in _ROUNDS:
        for function in reversed(functions) if backwards else functions:
            for arguments in variants(function, highest):
                yield function, arguments


def variants(function: Query, highest: int = 1) -> Iterator[dict[str, Any]]:
    """Yield sets of arguments: what is required, each value of each optional one beside it, and all of them.

    Of several UUIDs the first has the number `highest`, the next the one below: a pair of rows, not one row twice.
    """
    hints = typing.get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    number = itertools.chain(range(highest, 0, -1), itertools.repeat(1))
    values: dict[str, list[Any]] = {}
    for each in parameters:
        first = next(number) if hints[each.name] is UUID else highest
        values[each.name] = list(samples(hints[each.name], first))
    required = {each.name: values[each.name][0] for each in parameters if each.default is each.empty}
    optional = [each.name for each in parameters if each.default is not each.empty]
    yield required
    yield from ({**required, name: value} for name in required for value in values[name][1:])
    yield from ({**required, name: value} for name in optional for value in values[name])
    if len(optional) > 1:
        yield {name: found[0] for name, found in values.items()}


def samples(annotation: Any, number: int = 1) -> Iterator[Any]:
    """Yield values of the annotated type: of a Literal all, of a Struct also one with its defaults; else one."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    yield sample(annotation, number)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        fields = msgspec.structs.fields(annotation)
        if any(not field.required for field in fields):
            yield annotation(**{field.name: sample(field.type, number) for field in fields if field.required})


def sample(annotation: Any, number: int = 1) -> Any:
    """Return a value of the annotated type, the same for each call; raises TypeError for a type it does not know."""
    if annotation is UUID:
        return UUID(int=number)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return sample(inner[0], number)
    if origin is Literal:
        return inner[0]
    if origin in {Union, types.UnionType}:
        return sample(next(one for one in inner if one is not type(None)), number)
    if isinstance(origin or annotation, type):
        return _instance(origin or annotation, annotation, inner, number)
    raise TypeError(f"no sample for {annotation}")


def warm_domains(engine: Engine, *domains: str) -> None:
    """Compile what the domains' functions ask, by calling them on a database that nobody else uses."""
    for function, arguments in rounds(domains):
        with contextlib.suppress(*REFUSALS), writing(engine) as connection:
            function(connection, **arguments)


def warm_up_domains(*domains: str) -> None:
    """Let a parent that is about to fork hold the compiled statements of `domains`; for a worker's `warm()`."""
    for domain in domains:
        query_functions(domain)  # loads their tables, which the warm-up makes
    warm_up(lambda engine: warm_domains(engine, *domains))


def _takes_connection(function: Query) -> bool:
    parameters = list(inspect.signature(function).parameters.values())
    return bool(parameters) and parameters[0].annotation in {"Connection", Connection}


def _instance(kind: type, annotation: Any, inner: tuple[Any, ...], number: int) -> Any:
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    if issubclass(kind, msgspec.Struct):
        return kind(**{field.name: sample(field.type, number) for field in msgspec.structs.fields(annotation)})
    if issubclass(kind, tuple):
        return tuple(sample(one, number) for one in inner if one is not Ellipsis)
    if issubclass(kind, Mapping):
        return {sample(inner[0], number): sample(inner[1], number)} if inner else {}
    if issubclass(kind, AbstractSet):
        return {sample(inner[0], number)}
    if issubclass(kind, Iterable):
        return [sample(inner[0], number)]
    raise TypeError(f"no sample for {annotation}")
