# SPDX-License-Identifier: MIT
"""What the expressions of a Python program come to."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.python.evaluator import Evaluator
from decnet_decoys.shell.python.formats import formatted, percent
from decnet_decoys.shell.python.operators import (
    BINARY,
    COMPARISONS,
    COMPUTED,
    METHODS_OF_SIGNS,
    SIGNS,
    may_compute,
    may_repeat,
    special_method,
)
from decnet_decoys.shell.python.values import (
    MAX_ITEMS,
    MAX_TEXT,
    Class,
    Function,
    Instance,
    Method,
    Native,
    NotPlayedError,
    RaisedError,
    Record,
    bounded,
    contents,
    gathered,
    hashed,
    kind_name,
    merged,
    weighed,
)


class Expressions(Evaluator):
    """A kind of node `X` is evaluated by the method `_v_X`."""

    def _v_Constant(self, node: ast.Constant) -> Steps[Any]:  # noqa: N802  # ast's names
        yield from ()
        return node.value

    def _v_Name(self, node: ast.Name) -> Steps[Any]:  # noqa: N802
        yield from ()
        return self.name(node.id)

    def _v_NamedExpr(self, node: ast.NamedExpr) -> Steps[Any]:  # noqa: N802
        value = yield from self.value(node.value)
        self.set_name(node.target.id, value)
        return value

    def _v_List(self, node: ast.List) -> Steps[Any]:  # noqa: N802
        return (yield from self.values(node.elts))

    def _v_Tuple(self, node: ast.Tuple) -> Steps[Any]:  # noqa: N802
        return tuple((yield from self.values(node.elts)))

    def _v_Set(self, node: ast.Set) -> Steps[Any]:  # noqa: N802
        found = yield from self.values(node.elts)
        return (yield from gathered(set(), found))

    def _v_Dict(self, node: ast.Dict) -> Steps[Any]:  # noqa: N802
        found: dict[Any, Any] = {}
        for key, one in zip(node.keys, node.values, strict=True):
            value = yield from self.value(one)
            if key is None:
                yield from merged(found, value)
            else:
                found[hashed((yield from self.value(key)))] = value
            bounded(found)
        return found

    def _v_IfExp(self, node: ast.IfExp) -> Steps[Any]:  # noqa: N802
        test = yield from self.value(node.test)
        return (yield from self.value(node.body if test else node.orelse))

    def _v_BoolOp(self, node: ast.BoolOp) -> Steps[Any]:  # noqa: N802
        found: Any = None
        for one in node.values:
            found = yield from self.value(one)
            if bool(found) != isinstance(node.op, ast.And):
                break
        return found

    def _v_UnaryOp(self, node: ast.UnaryOp) -> Steps[Any]:  # noqa: N802
        value = yield from self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        return -value if isinstance(node.op, ast.USub) else +value if isinstance(node.op, ast.UAdd) else ~value

    def _v_BinOp(self, node: ast.BinOp) -> Steps[Any]:  # noqa: N802
        left, right = (yield from self.value(node.left)), (yield from self.value(node.right))
        return (yield from self.computed(node.op, left, right))

    def computed(self, sign: ast.operator, left: Any, right: Any) -> Steps[Any]:
        """Return what an operator makes of two values, none of which may become too large."""
        kind = type(sign)
        if isinstance(left, str | bytes) and kind is ast.Mod:
            return (yield from percent(self, left, right))
        special = special_method(METHODS_OF_SIGNS.get(kind, ""), left)
        if special is not None:
            return (yield from self.called(special, [left, right], {}))
        if not isinstance(left, COMPUTED) or not isinstance(right, COMPUTED):
            names = f"'{kind_name(left)}' and '{kind_name(right)}'"
            raise TypeError(f"unsupported operand type(s) for {SIGNS.get(kind, '@')}: {names}")
        if kind not in BINARY:
            raise NotPlayedError
        if kind is ast.Mult:
            may_repeat(left, right)
            may_repeat(right, left)
        if isinstance(left, int) and isinstance(right, int):
            may_compute(kind, left, right)
        if isinstance(left, list | tuple | set | frozenset | dict) and kind in (
            ast.BitAnd,
            ast.BitOr,
            ast.BitXor,
            ast.Sub,
        ):
            weighed(left, right)
        return BINARY[kind](left, right)

    def _v_Compare(self, node: ast.Compare) -> Steps[Any]:  # noqa: N802
        left = contents((yield from self.value(node.left)))
        for sign, one in zip(node.ops, node.comparators, strict=True):
            right = contents((yield from self.value(one)))
            weighed(left)
            weighed(right)
            if isinstance(right, range) and isinstance(sign, ast.In | ast.NotIn) and not isinstance(left, int):
                return isinstance(sign, ast.NotIn)
            if isinstance(sign, ast.In | ast.NotIn) and isinstance(right, dict | set | frozenset):
                hashed(left)
            special = special_method(METHODS_OF_SIGNS.get(type(sign), ""), left)
            opposite = special_method("__eq__", left) if special is None and isinstance(sign, ast.NotEq) else None
            if special is not None:
                holds = yield from self.called(special, [left, right], {})
            elif opposite is not None:
                holds = not (yield from self.called(opposite, [left, right], {}))
            else:
                holds = COMPARISONS[type(sign)](left, right)
            if not holds:
                return False
            left = right
        return True

    def _v_Subscript(self, node: ast.Subscript) -> Steps[Any]:  # noqa: N802
        value = yield from self.value(node.value)
        if isinstance(value, Record) and isinstance(value.names.get("__items__"), tuple | dict):
            value = value.names["__items__"]
        if isinstance(node.slice, ast.Slice):
            ends = []
            for one in (node.slice.lower, node.slice.upper, node.slice.step):
                ends.append(None if one is None else (yield from self.value(one)))  # noqa: PERF401
            if not isinstance(value, str | bytes | list | tuple | range):
                raise TypeError(f"'{kind_name(value)}' object is not subscriptable")
            return value[slice(*ends)]
        key = yield from self.value(node.slice)
        if isinstance(value, Instance) and value.kind.find("__getitem__") is not None:
            return (yield from self.called(self.attribute(value, "__getitem__"), [key], {}))
        if not isinstance(value, str | bytes | list | tuple | range | dict):
            raise TypeError(f"'{kind_name(value)}' object is not subscriptable")
        return value[hashed(key) if isinstance(value, dict) else key]

    def _v_Attribute(self, node: ast.Attribute) -> Steps[Any]:  # noqa: N802
        owner = yield from self.value(node.value)
        found = self.attribute(owner, node.attr)
        if node.attr == "__dict__":
            self.kept(found)
        if isinstance(found, Method) and isinstance(found.function, Function) and found.function.static == "property":
            return (yield from self.called(found, [], {}))
        return found

    def _v_Lambda(self, node: ast.Lambda) -> Steps[Any]:  # noqa: N802
        return (yield from self.function("<lambda>", node.args, node.body))

    def function(self, name: str, arguments: ast.arguments, body: list[ast.stmt] | ast.expr) -> Steps[Function]:
        made = Function(name, arguments, body, self.scope)
        made.defaults = yield from self.values(arguments.defaults)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                made.keyword_defaults[argument.arg] = yield from self.value(default)
        return made

    def _v_JoinedStr(self, node: ast.JoinedStr) -> Steps[Any]:  # noqa: N802
        pieces, size = [], 0
        for one in node.values:
            piece = yield from self.value(one)
            pieces.append(piece)
            size += len(piece)
            if size > MAX_TEXT:
                raise RaisedError(MemoryError())
        return "".join(pieces)

    def _v_FormattedValue(self, node: ast.FormattedValue) -> Steps[Any]:  # noqa: N802
        value = yield from self.value(node.value)
        spec = "" if node.format_spec is None else (yield from self.value(node.format_spec))
        return (yield from formatted(self, value, spec, chr(node.conversion) if node.conversion > 0 else ""))

    def _v_ListComp(self, node: ast.ListComp) -> Steps[Any]:  # noqa: N802
        found: list[Any] = []
        yield from self._comprehended(node.generators, [node.elt], lambda values: found.append(values[0]))
        return found

    _v_GeneratorExp = _v_ListComp  # noqa: N815

    def _v_SetComp(self, node: ast.SetComp) -> Steps[Any]:  # noqa: N802
        found: set[Any] = set()
        yield from self._comprehended(node.generators, [node.elt], lambda values: found.add(hashed(values[0])))
        return found

    def _v_DictComp(self, node: ast.DictComp) -> Steps[Any]:  # noqa: N802
        found: dict[Any, Any] = {}
        yield from self._comprehended(
            node.generators, [node.key, node.value], lambda values: found.update({hashed(values[0]): values[1]})
        )
        return found

    def _comprehended(
        self, loops: list[ast.comprehension], nodes: list[ast.expr], keep: Callable[[list[Any]], None], made: int = 0
    ) -> Steps[int]:
        """Run the loops of a comprehension; its names are the surrounding scope's. Returns how many were kept."""
        if not loops:
            keep((yield from self.values(nodes)))
            if made >= MAX_ITEMS:
                raise RaisedError(MemoryError())
            return made + 1
        loop, *inner = loops
        for item in (yield from self.iterated((yield from self.value(loop.iter)))):
            yield from self.step()
            yield from self.assign(loop.target, item)
            for test in loop.ifs:
                if not (yield from self.value(test)):
                    break
            else:
                made = yield from self._comprehended(inner, nodes, keep, made)
        return made

    def _v_Call(self, node: ast.Call) -> Steps[Any]:  # noqa: N802
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return (yield from self._super())
        function = yield from self.value(node.func)
        args = yield from self.values(node.args)
        named: dict[str, Any] = {}
        for one in node.keywords:
            given = yield from self.value(one.value)
            if one.arg is None and not (isinstance(given, dict) and all(isinstance(name, str) for name in given)):
                raise TypeError("keywords must be strings")
            named |= given if one.arg is None else {one.arg: given}
        self.calls[-1] = self.calls[-1][0], node
        return (yield from self.called(function, args, named))

    def _super(self) -> Steps[Any]:
        """Return what a method finds in the classes that its own is made from."""
        yield from ()
        owner, made_in = self.scope.first, self.scope.owner
        if not isinstance(owner, Instance) or not isinstance(made_in, Class):
            raise NotPlayedError
        names: dict[str, Any] = {}
        native = made_in.native()
        for base in reversed(made_in.bases):
            for name in list(base.names) if isinstance(base, Class) else ():
                found = base.find(name)
                names[name] = Method(owner, found) if isinstance(found, Function) else found
        if "__init__" not in names:
            names["__init__"] = Native(
                "__init__", lambda _program, *args: setattr(owner, "args", args) if native is not None else None
            )
        return Record("super", names)
