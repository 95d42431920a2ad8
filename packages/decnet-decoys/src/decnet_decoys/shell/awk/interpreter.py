# SPDX-License-Identifier: MIT
"""Runs an awk program as a generator of effects: a turn before each statement and each record, values bounded."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.awk.builtins import BUILTINS
from decnet_decoys.shell.awk.formats import formatted
from decnet_decoys.shell.awk.parser import Node, Program
from decnet_decoys.shell.awk.records import Record, records
from decnet_decoys.shell.awk.values import MAX_TEXT, NumericText, Value, compared, integer, is_true, number, text
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import AwkJump
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import Pattern, compiled
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.streams import InputBuffer, InputFile, OutputBuffer, Streams

MAX_CALLS = 40
"""Functions that call each other, deep."""
MAX_ELEMENTS = 20_000
"""Of all arrays."""
MAX_OPENED = 32
MAX_HELD = 8 << 20
"""Bytes of all variables and elements."""

MAX_VALUES = 1 << 20
"""Characters of all values of one list."""

Array = dict[str, Value]


class AwkError(DecoysError):
    """The program cannot go on; the message is awk's."""


class Awk:
    def __init__(self, call: Call, program: Program, variables: dict[str, str]) -> None:
        self.call = call
        self._program = program
        self.globals: dict[str, Value | Array] = {
            "FS": " ", "OFS": " ", "RS": "\n", "ORS": "\n", "NR": 0.0, "FNR": 0.0, "FILENAME": "", "SUBSEP": "\x1c",
            "RSTART": 0.0, "RLENGTH": -1.0, "CONVFMT": "%.6g", "OFMT": "%.6g",
        }  # fmt: skip
        self.globals |= {name: NumericText(value) for name, value in variables.items()}
        environment = call.shell.variables
        self.globals["ENVIRON"] = {name: NumericText(environment.get(name, "")) for name in call.shell.exported}
        self.record = Record()
        self.seed = 0
        self._frames: list[dict[str, Value | Array]] = []
        self._elements = self._held = 0
        self._active: set[int] = set()
        self._readers: dict[str, Iterator[bytes]] = {}
        self._written: dict[tuple[str, str], OutputBuffer] = {}
        self._input: Iterator[bytes | None] = iter(())
        self._sources: Iterator[InputFile] = iter(())

    def run(self, operands: list[str]) -> Steps[int]:
        """Run the program on what the operands name; returns its exit status."""
        try:
            status = yield from self._whole(operands)
        except Exception:
            yield from self._finish()
            raise
        finally:
            self._hold(-self._held)
        yield from self._finish()
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
        files = [one for one in operands if "=" not in one]
        for one in operands:
            if "=" in one:
                name, _, value = one.partition("=")
                self.globals[name] = NumericText(value)
        found = []
        status = 0
        for path in files or ["-"]:
            yield from turn()
            source = (yield from self.call.input()) if path == "-" else self._opened(path)
            if source is None:
                status = 2
            else:
                found.append(source)
        self._sources = iter(found)
        while (line := (yield from self._next_record())) is not None:
            yield from turn()
            yield from self._rules(line)
        return status

    def _opened(self, path: str) -> InputFile | None:
        try:
            return InputFile(path, self.call.shell.files.read(path, self.call.shell.access))
        except FileSystemError as error:
            self.call.fail(f"cannot open {path} ({error})" if self.call.name != "gawk" else f"{path}: {error}")
            return None

    def _next_record(self) -> Steps[bytes | None]:
        while (line := (yield from self._next_of_source())) is None:
            source = next(self._sources, None)
            if source is None:
                return None
            self.globals["FILENAME"], self.globals["FNR"] = "" if source.name == "-" else source.name, 0.0
            self._input = records(source, text(self.scalar("RS")))
        for name in ("NR", "FNR"):
            self.globals[name] = number(self.scalar(name)) + 1
        return line

    def _next_of_source(self) -> Steps[bytes | None]:
        for line in self._input:
            if line is not None:
                return line
            yield from turn()
        return None

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

    def _finish(self) -> Steps[None]:
        """Hand what was written to files and commands to them."""
        for (operator, target), buffer in list(self._written.items()):
            yield from self.close(operator, target, buffer)
        self._written.clear()

    def close(self, operator: str, target: str, buffer: OutputBuffer) -> Steps[int]:
        if operator == "|":
            streams = Streams(InputBuffer(buffer.take()), self.call.out, self.call.err)
            return (yield from self.call.runner.subshell(target, ["sh"], streams))
        yield from self.call.runner.save(target, buffer.take(), append=True, err=self.call.err)
        return 0

    def closed(self, target: str) -> Steps[int]:
        """Close what was opened under a name; -1 if nothing was."""
        status = 0 if self._readers.pop(target, None) is not None else -1
        for key in [key for key in self._written if key[1] == target]:
            status = yield from self.close(*key, self._written.pop(key))
        return status

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
        for key in list(self.array(array)):
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
        array = self.array(node[1])
        if node[2] is None:
            self.empty(array)
        elif (old := array.pop(key := (yield from self.key(node[2])), None)) is not None:
            self._hold(-_size(key) - _size(old))
            self._elements -= 1

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
            return
        target = text((yield from self.value(where)))
        if target in ("/dev/stdout", "-", "/dev/stderr"):
            (self.call.err if target == "/dev/stderr" else self.call.out).write(encode(shown))
            return
        buffer = self._written.get((operator, target))
        if buffer is None:
            if len(self._written) >= MAX_OPENED:
                raise AwkError("too many open files")
            buffer = self._written[operator, target] = self.call.runner.buffer()
            if operator == ">":
                self.call.shell.files.write(target, b"", self.call.shell.access)
        buffer.write(encode(shown))

    # Variables.

    def whole(self) -> str:
        return self.record.whole(text(self.scalar("OFS")))

    def _frame(self, name: str) -> dict[str, Value | Array]:
        return self._frames[-1] if self._frames and name in self._frames[-1] else self.globals

    def scalar(self, name: str) -> Value:
        if name == "NF":
            return float(len(self.record.fields(text(self.scalar("FS")))))
        value = self._frame(name).get(name, "")
        if isinstance(value, dict):
            raise AwkError(f"can't use array {name} in scalar context")
        return NumericText("") if value == "" else value

    def array(self, name: str) -> Array:
        frame = self._frame(name)
        found = frame.get(name)
        if not isinstance(found, dict):
            found = frame[name] = {}
        return found

    def assign_name(self, name: str, value: Value) -> None:
        if name == "NF":
            self.record.set_count(integer(value), text(self.scalar("FS")))
        else:
            frame = self._frame(name)
            kept = value[:MAX_TEXT] if isinstance(value, str) and len(value) > MAX_TEXT else value
            self._hold(_size(kept) - _size(frame.get(name, 0.0)))
            frame[name] = kept

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
            array, key = self.array(target[1]), (yield from self.key(target[2]))
            self.put(array, key, value)

    def empty(self, array: Array) -> None:
        for key, value in array.items():
            self._hold(-_size(key) - _size(value))
        self._elements -= len(array)
        array.clear()

    def put(self, array: Array, key: str, value: Value) -> None:
        kept = value[:MAX_TEXT] if isinstance(value, str) and len(value) > MAX_TEXT else value
        if key in array:
            self._hold(_size(kept) - _size(array[key]))
        else:
            if self._elements >= MAX_ELEMENTS:
                raise AwkError("out of memory")
            self._hold(_size(key) + _size(kept))
            self._elements += 1
        array[key] = kept

    def _hold(self, more: int) -> None:
        """Count more of the session's memory as held by variables and elements, or less."""
        if (more > 0 and self._held + more > MAX_HELD) or not self.call.shell.lease.hold(more):
            raise AwkError("out of memory")
        self._held += more

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
        array, key = self.array(node[1]), (yield from self.key(node[2]))
        if key not in array:
            self.put(array, key, NumericText(""))
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
        return float((yield from self.key(node[1])) in self.array(node[2]))

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
        """Return the next line of a file or command; None at its end, -1 if it cannot be read."""
        if source is None:
            line = yield from self._next_record()
            return None if line is None else decode(line)
        name = text((yield from self.value(source)))
        if name not in self._readers:
            if len(self._readers) >= MAX_OPENED:
                raise AwkError("too many open files")
            opened = (yield from self._output_of(name)) if operator == "|" else self._opened_quietly(name)
            if opened is None:
                return -1.0
            self._readers[name] = opened.lines()
        line = next(self._readers[name], None)
        return None if line is None else decode(line)

    def _output_of(self, command: str) -> Steps[InputFile | None]:
        buffer = self.call.runner.buffer()
        yield from self.call.runner.subshell(command, ["sh"], Streams(None, buffer, self.call.err))
        return InputFile("-", buffer.take())

    def _opened_quietly(self, path: str) -> InputFile | None:
        try:
            return InputFile(path, self.call.shell.files.read(path, self.call.shell.access))
        except FileSystemError:
            return None

    def _e_function(self, node: Node) -> Steps[Value]:
        yield from turn()
        return (yield from BUILTINS[node[1]](self, node[2]))  # type: ignore[no-any-return]  # looked up by name

    def _e_call(self, node: Node) -> Steps[Value]:
        _, name, arguments = node
        if name not in self._program.functions:
            raise AwkError(f"calling undefined function {name}")
        if len(self._frames) >= MAX_CALLS:
            raise AwkError("function call stack overflow")
        names, body = self._program.functions[name]
        frame: dict[str, Value | Array] = dict.fromkeys(names, "")
        for parameter, argument in zip(names, arguments, strict=False):
            frame[parameter] = yield from self._argument(argument)
        passed = {id(value) for value in frame.values() if isinstance(value, dict)}
        self._hold(sum(map(_size, frame.values())))
        self._frames.append(frame)
        try:
            yield from self.statement(body)
        except AwkJump as jump:
            if jump.kind != "return":
                raise
            return jump.value
        finally:
            self._leave(self._frames.pop(), passed)
        return ""

    def _leave(self, frame: dict[str, Value | Array], passed: set[int]) -> None:
        """Give back the memory of a function's own variables."""
        for value in frame.values():
            if isinstance(value, dict) and id(value) not in passed:
                self.empty(value)
            self._hold(-_size(value))

    def _argument(self, node: Node) -> Steps[Value | Array]:
        if node[0] == "variable" and isinstance(array := self._frame(node[1]).get(node[1]), dict):
            return array
        return (yield from self.value(node))


def _size(value: Value | Array) -> int:
    return sys.getsizeof(value) if isinstance(value, str) else 0


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": lambda a, b: float(a**b),
}
