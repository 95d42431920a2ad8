# SPDX-License-Identifier: MIT
"""What the expressions of an awk program come to, as generators of effects; values are bounded."""

from __future__ import annotations

import math
from collections.abc import Callable

from decnet_decoys.shell.awk.builtins import BUILTINS
from decnet_decoys.shell.awk.files import Files
from decnet_decoys.shell.awk.memory import AwkError, Memory
from decnet_decoys.shell.awk.records import Record
from decnet_decoys.shell.awk.tree import Node
from decnet_decoys.shell.awk.values import MAX_TEXT, NumericText, Value, compared, integer, is_true, number, text
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import Pattern, compiled

MAX_VALUES = 1 << 20
"""Characters of all values of one list."""


class Evaluator:
    """Holds a program's variables, record and files; a kind of node `x` is evaluated by the method `_e_x`."""

    def __init__(self, call: Call, variables: dict[str, str]) -> None:
        self.call = call
        environment = {name: call.shell.variables.get(name, "") for name in call.shell.exported}
        self.memory = Memory(call.shell.lease, variables, environment)
        self.files = Files(call, self.memory)
        self.record = Record()
        self.seed = 0

    def whole(self) -> str:
        return self.record.whole(text(self.scalar("OFS")))

    def scalar(self, name: str) -> Value:
        value = self.memory.variable(name)
        if isinstance(value, dict):
            raise AwkError(f"can't use array {name} in scalar context")
        return NumericText("") if value == "" else value

    def assign_name(self, name: str, value: Value) -> Steps[None]:
        if name == "NF":
            yield from self.record.set_count(integer(value), text(self.scalar("FS")))
        else:
            self.memory.set(name, value)

    def assign(self, target: Node, value: Value) -> Steps[None]:
        if target[0] == "variable":
            yield from self.assign_name(target[1], value)
        elif target[0] == "field":
            index = integer((yield from self.value(target[1])))
            if index == 0:
                self.record.set(text(value))
            else:
                yield from self.record.set_field(index, text(value), text(self.scalar("FS")))
        else:
            array, key = self.memory.array(target[1]), (yield from self.key(target[2]))
            self.memory.put(array, key, value)

    def key(self, nodes: list[Node]) -> Steps[str]:
        values = yield from self.values(nodes)
        return text(self.scalar("SUBSEP")).join(map(text, values))[:MAX_TEXT]

    def value(self, node: Node) -> Steps[Value]:
        return (yield from getattr(self, f"_e_{node[0]}")(node))  # type: ignore[no-any-return]  # looked up by name

    def values(self, nodes: list[Node]) -> Steps[list[Value]]:
        found, size = [], 0
        for node in nodes:
            value = yield from self.value(node)
            size += len(value) if isinstance(value, str) else 0
            if size > MAX_VALUES:
                raise AwkError("out of memory")
            found.append(value)
        return found

    def _e_number(self, node: Node) -> Steps[Value]:
        yield from ()
        return float(node[1])

    def _e_string(self, node: Node) -> Steps[Value]:
        yield from ()
        return str(node[1])

    def _e_regex(self, node: Node) -> Steps[Value]:
        yield from turn()
        return float(self.pattern(node[1]).fits(encode(self.whole())))

    def _e_variable(self, node: Node) -> Steps[Value]:
        if node[1] == "NF":
            return float(len((yield from self.record.fields(text(self.scalar("FS"))))))
        return self.scalar(node[1])

    def _e_field(self, node: Node) -> Steps[Value]:
        yield from turn()
        index = integer((yield from self.value(node[1])))
        if index < 0:
            raise AwkError(f"attempt to access field {index}")
        if index == 0:
            return self.whole()
        fields = yield from self.record.fields(text(self.scalar("FS")))
        return fields[index - 1] if index <= len(fields) else NumericText("")

    def _e_element(self, node: Node) -> Steps[Value]:
        array, key = self.memory.array(node[1]), (yield from self.key(node[2]))
        if key not in array:
            self.memory.put(array, key, NumericText(""))
        return array[key]

    def _e_group(self, node: Node) -> Steps[Value]:
        values = yield from self.values(node[1])
        return values[-1]

    def _e_assign(self, node: Node) -> Steps[Value]:
        _, operator, target, source = node
        value = yield from self.value(source)
        if operator:
            value = self._computed(operator, (yield from self.value(target)), value)
        yield from self.assign(target, value)
        return value

    def _e_step(self, node: Node) -> Steps[Value]:
        _, operator, target, after = node
        old = number((yield from self.value(target)))
        new = old + (1 if operator == "+" else -1)
        yield from self.assign(target, new)
        return old if after else new

    def _e_choose(self, node: Node) -> Steps[Value]:
        _, condition, yes, no = node
        return (yield from self.value(yes if is_true((yield from self.value(condition))) else no))

    def _e_or(self, node: Node) -> Steps[Value]:
        return float(is_true((yield from self.value(node[1]))) or is_true((yield from self.value(node[2]))))

    def _e_and(self, node: Node) -> Steps[Value]:
        return float(is_true((yield from self.value(node[1]))) and is_true((yield from self.value(node[2]))))

    def _e_member(self, node: Node) -> Steps[Value]:
        return float((yield from self.key(node[1])) in self.memory.array(node[2]))

    def _e_match(self, node: Node) -> Steps[Value]:
        _, negated, left, right = node
        subject = text((yield from self.value(left)))
        pattern = yield from self.dynamic(right)
        yield from turn()
        return float(pattern.fits(encode(subject)) != negated)

    def dynamic(self, node: Node) -> Steps[Pattern]:
        """Return the pattern that a node is or computes."""
        return self.pattern(node[1] if node[0] == "regex" else text((yield from self.value(node))))

    def pattern(self, source: str) -> Pattern:
        return compiled(encode(source), extended=True)

    def _e_compare(self, node: Node) -> Steps[Value]:
        _, operator, left, right = node
        order = compared((yield from self.value(left)), (yield from self.value(right)))
        held = {"<": order < 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0}
        return float(held.get(operator, order >= 0))

    def _e_concat(self, node: Node) -> Steps[Value]:
        left = text((yield from self.value(node[1])), text(self.scalar("CONVFMT")))
        yield from turn()
        return (left + text((yield from self.value(node[2])), text(self.scalar("CONVFMT"))))[:MAX_TEXT]

    def _e_binary(self, node: Node) -> Steps[Value]:
        _, operator, left, right = node
        return self._computed(operator, (yield from self.value(left)), (yield from self.value(right)))

    def _computed(self, operator: str, left: Value, right: Value) -> float:
        a, b = number(left), number(right)
        if operator in "/%" and b == 0:  # as IEEE 754 has it: mawk does not complain
            return math.copysign(math.inf, a) if operator == "/" and a else -math.nan
        try:
            return _OPERATIONS["^" if operator == "**" else operator](a, b)
        except (OverflowError, ValueError, ZeroDivisionError):
            return float("inf")
        except TypeError:  # a complex number
            return float("nan")

    def _e_unary(self, node: Node) -> Steps[Value]:
        value = yield from self.value(node[2])
        if node[1] == "!":
            return float(not is_true(value))
        return -number(value) if node[1] == "-" else number(value)

    def _e_getline(self, node: Node) -> Steps[Value]:
        _, operator, source, target = node
        line = yield from self._line(operator, source)
        if line is None:
            return 0.0
        if isinstance(line, float):
            return line
        if target is None:
            self.record.set(line)
        else:
            yield from self.assign(target, NumericText(line))
        return 1.0

    def _line(self, operator: str, source: Node | None) -> Steps[str | float | None]:
        """Return the next line of the input, a file or a command; None at its end, -1 if it cannot be read."""
        if source is not None:
            return (yield from self.files.line(operator, text((yield from self.value(source)))))
        line = yield from self.files.next_record()
        return None if line is None else decode(line)

    def _e_function(self, node: Node) -> Steps[Value]:
        yield from turn()
        return (yield from BUILTINS[node[1]](self, node[2]))  # type: ignore[no-any-return]  # looked up by name


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": lambda a, b: float(a**b),
}
