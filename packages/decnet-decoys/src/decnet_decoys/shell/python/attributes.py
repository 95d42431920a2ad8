# SPDX-License-Identifier: MIT
"""The attributes of Python's values: of objects, classes and modules of the program, and of Python's own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from decnet_decoys.shell.python.methods import FIELDS_OF, METHODS_OF
from decnet_decoys.shell.python.values import (
    Class,
    Function,
    Instance,
    Method,
    Module,
    Native,
    NativeKind,
    RaisedError,
    Record,
    kind_name,
    type_of,
)

_HIDDEN = frozenset(("__items__", "__iter__", "__repr__"))
"""Names of a Record that are ours, unless it stands for the classes that a class is made from."""


def attribute_of(owner: Any, name: str) -> Any:
    """Return an attribute; raises AttributeError of the program."""
    if isinstance(owner, Module | Record):
        if name in owner.names and (name not in _HIDDEN or (isinstance(owner, Record) and owner.title == "super")):
            return owner.names[name]
        what = f"module '{owner.name}'" if isinstance(owner, Module) else f"'{owner.title}' object"
        raise RaisedError(AttributeError(f"{what} has no attribute '{name}'"))
    if isinstance(owner, Instance):
        return _of_instance(owner, name)
    if isinstance(owner, Class):
        return _of_class(owner, name)
    found = _of_plain(owner, name)
    if found is None:
        raise RaisedError(AttributeError(f"'{kind_name(owner)}' object has no attribute '{name}'"))
    return found[0]


def _of_instance(owner: Instance, name: str) -> Any:
    """Return an attribute of an object or of its class; raises AttributeError of the program."""
    if name in owner.names:
        return owner.names[name]
    found = owner.kind.find(name)
    if isinstance(found, Function) and found.static != "staticmethod":
        return Method(owner.kind if found.static == "classmethod" else owner, found)
    if found is None:
        native = owner.kind.native() is not None
        others: dict[str, Any] = {
            "__class__": owner.kind, "__dict__": dict(owner.names), "args": owner.args,
            "__init__": Native("__init__", lambda _program, *args: setattr(owner, "args", args if native else ())),
        }  # fmt: skip
        if name not in others:
            raise RaisedError(AttributeError(f"'{owner.kind.name}' object has no attribute '{name}'"))
        return others[name]
    return found


def _of_class(owner: Class, name: str) -> Any:
    found = owner.name if name == "__name__" else owner.find(name)
    if found is None:
        raise RaisedError(AttributeError(f"type object '{owner.name}' has no attribute '{name}'"))
    return Method(owner, found) if isinstance(found, Function) and found.static == "classmethod" else found


_OF_ERRORS = frozenset(("args", "errno", "strerror", "filename", "returncode", "output", "code", "reason"))


def _of_plain(owner: Any, name: str) -> tuple[Any] | None:
    """Return an attribute of a value of Python's own, in a tuple; None where it has none, or none that is played."""
    if isinstance(owner, BaseException):
        return (getattr(owner, name, None),) if name in _OF_ERRORS else None
    if isinstance(owner, date | timedelta):
        if name in FIELDS_OF.get(type(owner).__name__, ()):
            return (getattr(owner, name),)
    elif isinstance(owner, NativeKind) and name in owner.names:
        return (owner.names[name],)
    if name == "__name__" and isinstance(owner, type | Function | Native):
        return (owner.__name__ if isinstance(owner, type) else owner.name,)
    if name == "__class__":
        return (type_of(owner),)
    kind = owner.__name__ if isinstance(owner, type) else type(owner).__name__
    return (Method(owner, name),) if name in METHODS_OF.get(kind, ()) else None
