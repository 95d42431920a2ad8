# SPDX-License-Identifier: MIT
"""Runs an awk program as a generator of effects: a turn before each statement and each record, values bounded."""

from __future__ import annotations

import math
from collections.abc import Callable

from decnet_decoys.shell.awk.builtins import BUILTINS
from decnet_decoys.shell.awk.files import Files
from decnet_decoys.shell.awk.formats import formatted
from decnet_decoys.shell.awk.memory import Array, AwkError, Frame, Memory
from decnet_decoys.shell.awk.parser import Node, Program
from decnet_decoys.shell.awk.records import Record
from decnet_decoys.shell.awk.values import MAX_TEXT, NumericText, Value, compared, integer, is_true, number, text
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import AwkJump
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import Pattern, compiled

MAX_CALLS = 40
"""Functions that call each other, deep."""
MAX_VALUES = 1 << 20
"""Characters of all values of one list."""


class Awk:
    def __init__(self, call: Call, program: Program, variables: dict[str, str]) -> None:
        self.call = call
        self._program = program
        environment = {name: call.shell.variables.get(name, "") for name in call.shell.exported}
        self.memory = Memory(call.shell.lease, variables, environment)
        self.files = Files(call, self.memory)
        self.record = Record()
        self.seed = 0
        self._active: set[int] = set()

    def run(self, operands: list[str]) -> Steps[int]:
        """Run the program on what the operands name; returns its exit status."""
        try:
            status = yield from self._whole(operands)
        except Exception:
            yield from self.files.finish()
            raise
        finally:
            self.memory.release()
        yield from self.files.finish()
        return status

    def _whole(self, operands: list[str]) -> Steps[int]:
        status = 0
        try:
            for block in self._program.begin:
                yield from self.statement(block)
            if self._program.rules or self._program.end:
                status = yield from self._records(operands)
        except AwkJump as jump:
            if jump.kind != "exit":
                raise AwkError(f"{jump.kind} outside a loop") from jump
            status = integer(jump.value) & 255
        return (yield from self._at_end()) or status

    def _at_end(self) -> Steps[int]:
        try:
            for block in self._program.end:
                yield from self.statement(block)
        except AwkJump as jump:
            return integer(jump.value) & 255
        return 0

    def _records(self, operands: list[str]) -> Steps[int]:
        for one in operands:
            if "=" in one:
                name, _, value = one.partition("=")
                self.memory.globals[name] = NumericText(value)
        status = yield from self.files.read([one for one in operands if "=" not in one])
        while (line := (yield from self.files.next_record())) is not None:
            yield from turn()
            yield from self._rules(line)
        return status

    def _rules(self, line: bytes) -> Steps[None]:
        self.record.set(decode(line))
        try:
            for index, (first, last, action) in enumerate(self._program.rules):
                if (yield from self._applies(index, first, last)):
                    yield from self.statement(action)
        except AwkJump as jump:
            if jump.kind != "next":
                raise

    def _applies(self, index: int, first: Node | None, last: Node | None) -> Steps[bool]:
        if first is None:
            return True
        if last is None:
            return is_true((yield from self.value(first)))
        if index not in self._active:
            if not is_true((yield from self.value(first))):
                return False
            self._active.add(index)
        if is_true((yield from self.value(last))):
            self._active.discard(index)
        return True

    # Statements.

    def statement(self, node: Node) -> Steps[None]:
        yield from turn()
        yield from getattr(self, f"_s_{node[0]}")(node)

    def _s_block(self, node: Node) -> Steps[None]:
        for inner in node[1]:
            yield from self.statement(inner)

    def _s_expression(self, node: Node) -> Steps[None]:
        yield from self.value(node[1])

    def _s_if(self, node: Node) -> Steps[None]:
        _, condition, body, otherwise = node
        if is_true((yield from self.value(condition))):
            yield from self.statement(body)
        elif otherwise is not None:
            yield from self.statement(otherwise)

    def _s_while(self, node: Node) -> Steps[None]:
        _, condition, body, step = node
        while is_true((yield from self.value(condition))):
            if not (yield from self._turn(body)):
                return
            if step is not None:
                yield from self.statement(step)

    def _s_do(self, node: Node) -> Steps[None]:
        _, condition, body = node
        while (yield from self._turn(body)) and is_true((yield from self.value(condition))):
            pass

    def _s_each(self, node: Node) -> Steps[None]:
        _, name, array, body = node
        for key in list(self.memory.array(array)):
            self.assign_name(name, NumericText(key))
            if not (yield from self._turn(body)):
                return

    def _turn(self, body: Node) -> Steps[bool]:
        """Run the body of a loop once; returns whether the loop goes on."""
        try:
            yield from self.statement(body)
        except AwkJump as jump:
            if jump.kind not in ("break", "continue"):
                raise
            return jump.kind == "continue"
        return True

    def _s_jump(self, node: Node) -> Steps[None]:
        yield from ()
        raise AwkJump(node[1])

    def _s_exit(self, node: Node) -> Steps[None]:
        raise AwkJump("exit", 0.0 if node[1] is None else (yield from self.value(node[1])))

    def _s_return(self, node: Node) -> Steps[None]:
        raise AwkJump("return", "" if node[1] is None else (yield from self.value(node[1])))

    def _s_delete(self, node: Node) -> Steps[None]:
        array = self.memory.array(node[1])
        if node[2] is None:
            self.memory.empty(array)
        else:
            self.memory.delete(array, (yield from self.key(node[2])))

    def _s_print(self, node: Node) -> Steps[None]:
        _, values, target, where = node
        layout = text(self.scalar("OFMT"))
        shown = [text(value, layout) for value in (yield from self.values(values))]
        line = text(self.scalar("OFS")).join(shown) if values else self.whole()
        yield from self._write(line[: 4 * MAX_TEXT] + text(self.scalar("ORS")), target, where)

    def _s_printf(self, node: Node) -> Steps[None]:
        _, nodes, target, where = node
        values = yield from self.values(nodes)
        yield from self._write(formatted(text(values[0]), values[1:]) if values else "", target, where)

    def _write(self, shown: str, operator: str, where: Node | None) -> Steps[None]:
        if where is None:
            self.call.out.write(encode(shown))
        else:
            self.files.write(shown, operator, text((yield from self.value(where))))

    # Variables.

    def whole(self) -> str:
        return self.record.whole(text(self.scalar("OFS")))

    def scalar(self, name: str) -> Value:
        if name == "NF":
            return float(len(self.record.fields(text(self.scalar("FS")))))
        value = self.memory.variable(name)
        if isinstance(value, dict):
            raise AwkError(f"can't use array {name} in scalar context")
        return NumericText("") if value == "" else value

    def assign_name(self, name: str, value: Value) -> None:
        if name == "NF":
            self.record.set_count(integer(value), text(self.scalar("FS")))
        else:
            self.memory.set(name, value)

    def assign(self, target: Node, value: Value) -> Steps[None]:
        if target[0] == "variable":
            self.assign_name(target[1], value)
        elif target[0] == "field":
            index = integer((yield from self.value(target[1])))
            if index == 0:
                self.record.set(text(value))
            else:
                self.record.set_field(index, text(value), text(self.scalar("FS")))
        else:
            array, key = self.memory.array(target[1]), (yield from self.key(target[2]))
            self.memory.put(array, key, value)

    def key(self, nodes: list[Node]) -> Steps[str]:
        values = yield from self.values(nodes)
        return text(self.scalar("SUBSEP")).join(map(text, values))[:MAX_TEXT]

    # Expressions.

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
        yield from ()
        return float(self.pattern(node[1]).fits(encode(self.whole())))

    def _e_variable(self, node: Node) -> Steps[Value]:
        yield from ()
        return self.scalar(node[1])

    def _e_field(self, node: Node) -> Steps[Value]:
        index = integer((yield from self.value(node[1])))
        if index < 0:
            raise AwkError(f"attempt to access field {index}")
        if index == 0:
            return self.whole()
        fields = self.record.fields(text(self.scalar("FS")))
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
        return (left + text((yield from self.value(node[2])), text(self.scalar("CONVFMT"))))[:MAX_TEXT]

    def _e_binary(self, node: Node) -> Steps[Value]:
        _, operator, left, right = node
        return self._computed(operator, (yield from self.value(left)), (yield from self.value(right)))

    def _computed(self, operator: str, left: Value, right: Value) -> float:
        a, b = number(left), number(right)
        if operator in "/%" and b == 0:
            raise AwkError("division by zero" + (" in %" if operator == "%" else ""))
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

    def _e_call(self, node: Node) -> Steps[Value]:
        _, name, arguments = node
        if name not in self._program.functions:
            raise AwkError(f"calling undefined function {name}")
        if self.memory.depth >= MAX_CALLS:
            raise AwkError("function call stack overflow")
        names, body = self._program.functions[name]
        frame: Frame = dict.fromkeys(names, "")
        for parameter, argument in zip(names, arguments, strict=False):
            frame[parameter] = yield from self._argument(argument)
        passed = {id(value) for value in frame.values() if isinstance(value, dict)}
        self.memory.enter(frame)
        try:
            yield from self.statement(body)
        except AwkJump as jump:
            if jump.kind != "return":
                raise
            return jump.value
        finally:
            self.memory.leave(passed)
        return ""

    def _argument(self, node: Node) -> Steps[Value | Array]:
        if node[0] == "variable" and isinstance(array := self.memory.variable(node[1]), dict):
            return array
        return (yield from self.value(node))


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": lambda a, b: float(a**b),
}
