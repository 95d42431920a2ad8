# SPDX-License-Identifier: MIT
"""Runs an awk program as a generator of effects: a turn before each statement and each record."""

from __future__ import annotations

from decnet_decoys.shell.awk.evaluator import Evaluator
from decnet_decoys.shell.awk.formats import formatted, wanted
from decnet_decoys.shell.awk.memory import Array, AwkError, Frame
from decnet_decoys.shell.awk.tree import Node, Program
from decnet_decoys.shell.awk.values import MAX_TEXT, NumericText, Value, integer, is_true, text
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import AwkJump
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode

MAX_ARGUMENTS = 200
"""Elements of ARGV."""
MAX_CALLS = 40
"""Functions that call each other, deep."""


class Awk(Evaluator):
    """One run of a program: a kind of statement `x` is done by the method `_s_x`."""

    def __init__(self, call: Call, program: Program, variables: dict[str, str]) -> None:
        super().__init__(call, variables)
        self._program = program
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
        self.files.waiting = [one for one in operands if "=" not in one]
        self.memory.globals["ARGC"] = float(len(operands) + 1)
        arguments = self.memory.array("ARGV")
        for index, one in enumerate(["awk", *operands][:MAX_ARGUMENTS]):
            self.memory.put(arguments, str(index), NumericText(one))
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
        while (line := (yield from self.files.next_record())) is not None:
            yield from turn()
            yield from self._rules(line)
        return self.files.status

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
            yield from self.assign_name(name, NumericText(key))
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
        if values and wanted(text(values[0])) >= len(values):
            name, row, count = (text(self.scalar(one)) for one in ("FILENAME", "FNR", "NR"))
            layout = text(values[0])[:200]
            where = f'\n\tFILENAME="{name}" FNR={row} NR={count}'
            raise AwkError(f'run time error: not enough arguments passed to printf("{layout}"){where}')
        yield from self._write(formatted(text(values[0]), values[1:]) if values else "", target, where)

    def _write(self, shown: str, operator: str, where: Node | None) -> Steps[None]:
        if where is None:
            self.call.out.write(encode(shown))
        else:
            self.files.write(shown, operator, text((yield from self.value(where))))

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
