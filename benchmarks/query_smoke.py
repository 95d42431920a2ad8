# SPDX-License-Identifier: MIT
"""Every query function of a domain, called with arguments made from its annotations.

Two need that, and neither can forget a function that comes later: a forking parent, in which each statement should be
compiled before the children are forked (`warm_domains`); and the test that looks at every query plan.
"""

from __future__ import annotations

import contextlib
import enum
import functools
import importlib
import inspect
import itertools
import pkgutil
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, Uuid
from sqlalchemy.exc import DBAPIError

from decnet_models import grouping
from decnet_models.database.engine import writing
from decnet_models.database.warm_up import warm_up
from decnet_models.grouping.shape import Grouping

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


@functools.cache
def query_functions(domain: str) -> Sequence[Query]:
    """Return the public functions of a domain's modules that take a connection first, by module and name.

    Of a domain whose tables are a `Grouping` also those of `decnet_models.grouping`, bound to it.
    """
    package = importlib.import_module(f"decnet_models.{domain}")
    found = [one for module in _modules(package) for one in _public(module) if _takes(one, Connection)]
    tables = importlib.import_module(f"{package.__name__}.tables")
    of_groups = [one for module in _modules(grouping) for one in _public(module) if _takes(one, Connection, Grouping)]
    groupings = [one for one in vars(tables).values() if isinstance(one, Grouping)]
    return (*found, *(_bound(function, one) for one in groupings for function in of_groups))


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
    hints, parameters = _parameters(function)
    number = itertools.chain(range(highest, 0, -1), itertools.repeat(1))
    values: dict[str, list[Any]] = {}
    for each in parameters:
        first = next(number) if hints[each.name] is UUID else highest
        values[each.name] = list(samples(hints[each.name], first))
    if hints.get("end") is int:  # of a span that is not empty
        values["end"] = [value + 1 for value in values["end"]]
    required = {each.name: values[each.name][0] for each in parameters if each.default is each.empty}
    optional = [each.name for each in parameters if each.default is not each.empty]
    yield required
    yield from ({**required, name: value} for name in required for value in values[name][1:])
    yield from ({**required, name: value} for name in optional for value in values[name])
    if len(optional) > 1:
        yield {name: found[0] for name, found in values.items()}


@functools.cache
def _parameters(function: Query) -> tuple[dict[str, Any], Sequence[inspect.Parameter]]:
    """Return the types of a function's parameters by name, and the parameters but the connection."""
    return typing.get_type_hints(function), list(inspect.signature(function).parameters.values())[1:]


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


def _modules(package: types.ModuleType) -> list[types.ModuleType]:
    """Return the package's modules, but its SQLModel classes: no queries, and not for a process that stays small."""
    names = [one.name for one in pkgutil.iter_modules(package.__path__) if one.name != "models"]
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _public(module: types.ModuleType) -> list[Query]:
    own = [one for one in vars(module).values() if inspect.isfunction(one) and one.__module__ == module.__name__]
    return sorted((one for one in own if not one.__name__.startswith("_")), key=lambda one: one.__name__)


def _takes(function: Query, *kinds: type) -> bool:
    """Return whether the first parameters are of these kinds; an annotation is a class, or text if postponed."""
    annotations = [one.annotation for one in inspect.signature(function).parameters.values()]
    said = [getattr(one, "__name__", str(one)).partition("[")[0] for one in annotations]
    return said[: len(kinds)] == [kind.__name__ for kind in kinds]


def _bound(function: Query, group: Grouping[Any]) -> Query:
    """Return the function for one grouping: it takes the connection and what follows, with that grouping's subjects."""

    @functools.wraps(function)
    def bound(connection: Connection, **arguments: Any) -> Any:
        return function(connection, group, **arguments)

    subject = UUID if isinstance(group.member.c[group.subject].type, Uuid) else str
    hints = {name: _with_subject(hint, subject) for name, hint in typing.get_type_hints(function).items()}
    first, _, *others = inspect.signature(function).parameters.values()
    bound.__signature__ = inspect.Signature([first, *others])  # type: ignore[attr-defined]  # what inspect looks for
    bound.__annotations__ = {name: hint for name, hint in hints.items() if name not in {"g", "return"}}
    return bound


def _with_subject(hint: Any, subject: type) -> Any:
    if isinstance(hint, typing.TypeVar):
        return subject
    return hint[subject] if getattr(hint, "__parameters__", ()) else hint


def _instance(kind: type, annotation: Any, inner: tuple[Any, ...], number: int) -> Any:
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    if issubclass(kind, msgspec.Struct):
        return kind(**{field.name: sample(field.type, number) for field in msgspec.structs.fields(annotation)})
    if issubclass(kind, tuple):
        named = hasattr(kind, "_fields")  # a NamedTuple
        parts = typing.get_type_hints(kind).values() if named else inner
        values = [sample(one, number) for one in parts if one is not Ellipsis]
        return kind(*values) if named else tuple(values)
    if issubclass(kind, Mapping):
        return {sample(inner[0], number): sample(inner[1], number)} if inner else {}
    if issubclass(kind, AbstractSet):
        return {sample(inner[0], number)}
    if issubclass(kind, Iterable):
        return [sample(inner[0], number)]
    raise TypeError(f"no sample for {annotation}")
