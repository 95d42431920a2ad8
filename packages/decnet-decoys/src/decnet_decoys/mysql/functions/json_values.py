# SPDX-License-Identifier: MIT
"""Functions of JSON: NULL of what is none, and of paths that lead nowhere. Shown as MariaDB shows it, with blanks."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from decnet_decoys.mysql.functions.function import Function, Made
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.values import Value, text

_LONGEST: Final = 64 << 10
"""Characters of a value that is read."""
_CHARACTERS: Final = 16
"""That are read in one step."""
_PATH: Final = re.compile(
    r"\.(?:(?P<name>[A-Za-z_$][\w$]{0,255})|\"(?P<quoted>[^\"]{0,255})\"|(?P<each>\*))|\[(?P<at>\d{1,9}|\*)\]"
)
_NONE: Final = object()
"""What is not there, where null is."""


class _Json(str):
    """Text that is JSON, and is put into other JSON as it is."""

    __slots__ = ()


def _read(value: Value) -> Any:
    """Return what a text of JSON tells; raises ValueError."""
    told = text(value)
    if len(told) > _LONGEST:
        raise ValueError(told[:16])
    step(len(told) // _CHARACTERS)
    try:
        return json.loads(told, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError(told[:16]) from error


def _refused(word: str) -> None:
    raise ValueError(word)


def _shown(value: Any) -> Value:
    return _Json(json.dumps(value, ensure_ascii=False))


def _put(value: Value) -> Any:
    """Return a value of SQL as what it is in JSON."""
    if isinstance(value, _Json):
        return _read(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, int | float) else text(value)


def _steps(path: Value) -> list[str | int | None]:
    """Return the names and numbers of a path, None for any; raises ValueError."""
    told, at = text(path).strip()[:1024], 1
    if told[:1] != "$":
        raise ValueError(told)
    found: list[str | int | None] = []
    while at < len(told):
        part = _PATH.match(told, at)
        if part is None:
            raise ValueError(told)
        at = part.end()
        index = part["at"]
        if index is not None:
            found.append(None if index == "*" else int(index))
        else:
            found.append(None if part["each"] else part["quoted"] if part["quoted"] is not None else part["name"])
    return found


def _child(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key, _NONE) if isinstance(key, str) else value if key == 0 else _NONE
    if isinstance(key, int):
        if not isinstance(value, list):
            return value if key == 0 else _NONE
        return value[key] if key < len(value) else _NONE
    return _NONE


def _found(value: Any, steps: Sequence[str | int | None]) -> Iterator[Any]:
    """Yield what a path leads to."""
    if not steps:
        yield value
        return
    step()
    if steps[0] is None:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inner:
            yield from _found(one, steps[1:])
        return
    child = _child(value, steps[0])
    if child is not _NONE:
        yield from _found(child, steps[1:])


def _first(value: Value, path: Value) -> Any:
    return next(_found(_read(value), _steps(path)), _NONE)


def _extracted(given: Sequence[Value]) -> Value:
    whole, several = _read(given[0]), len(given) > 2
    found: list[Any] = []
    for path in given[1:]:
        steps = _steps(path)
        several = several or None in steps
        found += _found(whole, steps)
    if not found:
        return None
    return _shown(found if several else found[0])


def _scalar(given: Sequence[Value]) -> Value:
    found = _first(given[0], given[1])
    if found is _NONE or found is None or isinstance(found, dict | list):
        return None
    return int(found) if isinstance(found, bool) else found if isinstance(found, str) else json.dumps(found)


def _composed(given: Sequence[Value]) -> Value:
    found = _first(given[0], given[1])
    return _shown(found) if isinstance(found, dict | list) else None


def _object(given: Sequence[Value]) -> Value:
    return _shown({text(name): _put(one) for name, one in zip(given[::2], given[1::2], strict=False)})


def _unquoted(given: Sequence[Value]) -> Value:
    told = text(given[0])
    if told[:1] != '"':
        return told
    found = _read(told)
    return found if isinstance(found, str) else told


def _compact(given: Sequence[Value]) -> Value:
    return json.dumps(_read(given[0]), ensure_ascii=False, separators=(",", ":"))


def _is_valid(given: Sequence[Value]) -> Value:
    try:
        _read(given[0])
    except ValueError:
        return 0
    return 1


def _at_path(given: Sequence[Value]) -> Any:
    return _first(given[0], given[1]) if len(given) > 1 else _read(given[0])


def _keys(given: Sequence[Value]) -> Value:
    found = _at_path(given)
    return _shown(list(found)) if isinstance(found, dict) else None


def _length(given: Sequence[Value]) -> Value:
    found = _at_path(given)
    return None if found is _NONE else len(found) if isinstance(found, dict | list) else 1


_TYPES: Final = {dict: "OBJECT", list: "ARRAY", bool: "BOOLEAN", int: "INTEGER", float: "DOUBLE", str: "STRING"}


def _depth(value: Any) -> int:
    step()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _contains(value: Any, part: Any) -> bool:
    step()
    if isinstance(value, dict) and isinstance(part, dict):
        return all(name in value and _contains(value[name], one) for name, one in part.items())
    if isinstance(value, list):
        parts = part if isinstance(part, list) else [part]
        return all(any(_contains(one, each) for one in value) for each in parts)
    return type(value) is type(part) and bool(value == part)


def _has(given: Sequence[Value]) -> Value:
    found = _first(given[0], given[2]) if len(given) > 2 else _read(given[0])
    return None if found is _NONE else int(_contains(found, _read(given[1])))


def _has_paths(given: Sequence[Value]) -> Value:
    there = [_first(given[0], path) is not _NONE for path in given[2:]]
    return int(all(there) if text(given[1]).lower() == "all" else any(there))


def _changed(*, inserts: bool, replaces: bool) -> Made:
    """Return JSON_SET, JSON_INSERT or JSON_REPLACE."""

    def made(given: Sequence[Value]) -> Value:
        whole = _read(given[0])
        for path, one in zip(given[1::2], given[2::2], strict=False):
            steps = _steps(path)
            if steps:
                parent = next(_found(whole, steps[:-1]), _NONE)
                there = steps[-1] is not None and _child(parent, steps[-1]) is not _NONE
                if replaces if there else inserts:
                    _put_at(parent, steps[-1], _put(one), there=there)
            elif replaces:
                whole = _put(one)
        return _shown(whole)

    return made


def _put_at(parent: Any, key: str | int | None, new: Any, *, there: bool) -> None:
    if isinstance(parent, dict) and isinstance(key, str):
        parent[key] = new
    elif isinstance(parent, list) and isinstance(key, int):
        if there:
            parent[key] = new
        else:
            parent.append(new)


def _removed(given: Sequence[Value]) -> Value:
    whole = _read(given[0])
    for path in given[1:]:
        *before, last = _steps(path)
        parent = next(_found(whole, before), _NONE)
        if isinstance(parent, dict):
            parent.pop(last, None)
        elif isinstance(parent, list) and isinstance(last, int):
            del parent[last : last + 1]
    return _shown(whole)


def _appended(given: Sequence[Value]) -> Value:
    whole = _read(given[0])
    for path, one in zip(given[1::2], given[2::2], strict=False):
        target = next(_found(whole, _steps(path)), _NONE)
        if not isinstance(target, list):
            return None
        target.append(_put(one))
    return _shown(whole)


def _patched(value: Any, patch: Any) -> Any:
    """Return a value changed as RFC 7396 says."""
    step()
    if not isinstance(patch, dict):
        return patch
    made = dict(value) if isinstance(value, dict) else {}
    for name, one in patch.items():
        if one is None:
            made.pop(name, None)
        else:
            made[name] = _patched(made.get(name), one)
    return made


def _joined(one: Any, two: Any) -> Any:
    step()
    if isinstance(one, dict) and isinstance(two, dict):
        both = {name: _joined(one[name], two[name]) for name in one if name in two}
        return {**one, **two, **both}
    return [*(one if isinstance(one, list) else [one]), *(two if isinstance(two, list) else [two])]


def _merged(how: Callable[[Any, Any], Any]) -> Made:
    def made(given: Sequence[Value]) -> Value:
        whole = _read(given[0])
        for one in given[1:]:
            whole = how(whole, _read(one))
        return _shown(whole)

    return made


def _places(value: Any, wanted: str, path: str) -> Iterator[str]:
    step()
    if isinstance(value, str):
        if value == wanted:
            yield path
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, wanted, f"{path}.{key}" if isinstance(value, dict) else f"{path}[{key}]")


def _searched(given: Sequence[Value]) -> Value:
    found = list(_places(_read(given[0]), text(given[2]), "$"))
    if not found:
        return None
    return _shown(found[0] if text(given[1]).lower() == "one" or len(found) == 1 else found)


def _exists(given: Sequence[Value]) -> Value:
    return int(_first(given[0], given[1]) is not _NONE)


_ANY: Final = 64
FUNCTIONS: Final[dict[str, Function]] = {
    "json_extract": Function(2, _ANY, _extracted),
    "json_value": Function(2, 2, _scalar),
    "json_query": Function(2, 2, _composed),
    "json_object": Function(0, _ANY, _object, strict=False),
    "json_array": Function(0, _ANY, lambda given: _shown([_put(one) for one in given]), strict=False),
    "json_quote": Function(1, 1, lambda given: json.dumps(text(given[0]), ensure_ascii=False)),
    "json_unquote": Function(1, 1, _unquoted),
    "json_valid": Function(1, 1, _is_valid),
    "json_keys": Function(1, 2, _keys),
    "json_length": Function(1, 2, _length),
    "json_type": Function(1, 1, lambda given: _TYPES.get(type(_read(given[0])), "NULL")),
    "json_depth": Function(1, 1, lambda given: _depth(_read(given[0]))),
    "json_contains": Function(2, 3, _has),
    "json_contains_path": Function(3, _ANY, _has_paths),
    "json_set": Function(3, _ANY, _changed(inserts=True, replaces=True)),
    "json_insert": Function(3, _ANY, _changed(inserts=True, replaces=False)),
    "json_replace": Function(3, _ANY, _changed(inserts=False, replaces=True)),
    "json_remove": Function(2, _ANY, _removed),
    "json_array_append": Function(3, _ANY, _appended),
    "json_merge": Function(2, _ANY, _merged(_joined)),
    "json_merge_preserve": Function(2, _ANY, _merged(_joined)),
    "json_merge_patch": Function(2, _ANY, _merged(_patched)),
    "json_compact": Function(
        1, 1, lambda given: json.dumps(_read(given[0]), ensure_ascii=False, separators=(",", ":"))
    ),
    "json_loose": Function(1, 1, lambda given: _shown(_read(given[0]))),
    "json_detailed": Function(1, 2, lambda given: json.dumps(_read(given[0]), ensure_ascii=False, indent=4)),
    "json_search": Function(3, 3, _searched),
    "json_exists": Function(2, 2, _exists),
}
