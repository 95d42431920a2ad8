# SPDX-License-Identifier: MIT
"""Runs a Perl program as a generator of effects: its statements, functions, objects, and what it prints."""

from __future__ import annotations

from typing import Any

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.perl.evaluator import restore
from decnet_decoys.shell.perl.memory import Names
from decnet_decoys.shell.perl.subs import MAX_CALLS, Subs
from decnet_decoys.shell.perl.syntax.parser import Parser
from decnet_decoys.shell.perl.syntax.tree import Block, MissingModuleError, Node, PerlSyntaxError, Statement
from decnet_decoys.shell.perl.values import (
    MAX_ITEMS,
    DiedError,
    LoopError,
    Ref,
    ReturnedError,
    Sub,
    Value,
    integer,
    is_true,
    of_shell,
    text,
    to_bytes,
    to_shell,
)


class Interpreter(Subs):
    """One program: a kind of statement is a node like any other."""

    def __init__(self, call: Call, title: str, argv: list[str]) -> None:
        super().__init__(call)
        self.title = title
        shell, memory = call.shell, self.memory
        memory.array("ARGV").extend(map(of_shell, argv[:MAX_ITEMS]))
        memory.table("ENV").update(
            (name, of_shell(shell.variables[name])) for name in sorted(shell.exported & shell.variables.keys())
        )
        memory.array("INC").extend(_INCLUDED)
        user = shell.identity.uid
        values = {"0": of_shell(title), "$": shell.pid + 1, "/": "\n", "^O": "linux", "^V": "v5.36.0", "]": "5.036000",
                  "^X": "/usr/bin/perl", "^T": shell.now, "^W": 0, "<": user, ">": user, "(": "0 0", ")": "0 0",
                  ";": "\x1c",
                  "@": "", "?": 0, "|": 0, "~": "STDOUT", "^": "STDOUT_TOP"}  # fmt: skip
        for name, value in values.items():
            memory.scalar(name).value = value
        self._once: list[Block] = []

    def parsed(self, source: str) -> Steps[Block]:
        """Return a program's statements; raises PerlSyntaxError or MissingModuleError."""
        parser = Parser(source)
        program = yield from parser.program()
        self._once = parser.once["END"]
        return program

    def run(self, program: Block) -> Steps[int]:
        """Do a program once, and what its END blocks say; returns the status."""
        return (yield from self._ending_with(self.block(program)))

    def _ending_with(self, steps: Steps[Any]) -> Steps[int]:
        status = yield from self._status(steps)
        for body in self._once:
            status = (yield from self._status(self.block(body))) or status
        yield from self.finish()
        return status

    def _status(self, steps: Steps[Any]) -> Steps[int]:
        """Do steps to their end, or to where the program ends; returns the status."""
        try:
            yield from self._told(steps)
        except ExitShell as leaving:
            return leaving.status
        except DiedError as died:
            self.call.print_error(to_shell(died.value), end="")
            code = integer(self.memory.globals["$!"].code)
            return code or integer(self.memory.scalar("?").value) >> 8 & 255 or 255
        except LoopError as jump:
            what = (
                f'Label not found for "{jump.kind} {jump.label}"'
                if jump.label
                else f'Can\'t "{jump.kind}" outside a loop block'
            )
            self.call.print_error(f"{what} at {self.title} line {self.line}.")
            return 255
        except ReturnedError:
            return 0
        return 0

    def _told(self, steps: Steps[Any]) -> Steps[None]:
        """Do steps; $SIG{__DIE__} is told what they die of, and may exit or die of something else."""
        try:
            yield from steps
        except DiedError as died:
            handler = self.memory.table("SIG").get("__DIE__")
            if isinstance(handler, Ref):
                yield from self.call_sub(handler, [died.value])
            raise

    def each_line(self, program: Block, *, shown: bool, fields: Node | None) -> Steps[int]:
        """Do a program for each line of what @ARGV names, and print it if `shown`; `fields` parts it into @F."""
        return (yield from self._ending_with(self._lines(program, shown=shown, fields=fields)))

    def _lines(self, program: Block, *, shown: bool, fields: Node | None) -> Steps[None]:
        for statement in [one for one in program if one.node[0] == "define"]:
            yield from self.scalar(statement.node)
        while (line := (yield from self.next_of_arguments())) is not None:
            yield from turn()
            self.memory.scalar("_").value = line.removesuffix("\n") if self.ending else line
            if fields is not None:
                self.memory.array("F")[:] = yield from self.split([fields])
            try:
                yield from self.block(program)
            except LoopError as jump:
                if jump.kind == "last":
                    return
            if shown and self.selected.out is not None:
                self.selected.out.write(to_bytes(text(self.memory.scalar("_").value) + self.ending))

    def _s_document(self, node: Node) -> Steps[Value]:
        """Return a here-document; what is in it is read when it is used, as its lines come after the expression."""
        body = "".join(node[1])
        if not node[2]:
            return body
        return text((yield from self.scalar((yield from Parser("").interpolated(body)))))

    # statements

    def block(self, block: Block) -> Steps[list[Value]]:
        """Do statements in a scope of their own; returns the value of the last one."""
        self.memory.scopes.append({})
        self._restored.append([])
        try:
            return (yield from self._statements(block))
        finally:
            for found, before in reversed(self._restored.pop()):
                restore(found, before)
            self.memory.scopes.pop()

    def _statements(self, block: Block) -> Steps[list[Value]]:
        for statement in block:
            if statement.node[0] == "define":
                yield from self.scalar(statement.node)
        last = len(block) - 1
        for place, statement in enumerate(block):
            self.line = statement.line
            if place == last:
                return (
                    (yield from self.items(statement.node))
                    if self.wanted
                    else [(yield from self.scalar(statement.node))]
                )
            yield from self.scalar(statement.node)
        return []

    def _s_block(self, node: Node) -> Steps[Value]:
        try:
            yield from self.block(node[2])
        except LoopError as jump:
            if jump.label and jump.label != node[1]:
                raise
        return None

    def _s_define(self, node: Node) -> Steps[Value]:
        yield from ()
        self.memory.globals[f"&{node[1]}"] = Sub(node[1], node[2], list(self.memory.scopes), self.package)
        return None

    def _s_package(self, node: Node) -> Steps[Value]:
        yield from ()
        self.package = node[1]
        return None

    def _s_constants(self, node: Node) -> Steps[Value]:
        values = yield from self.items(node[1])
        for place in range(0, len(values) - 1, 2):
            body = (Statement(self.line, ("given", [values[place + 1]])),)
            self.memory.globals[f"&{text(values[place])}"] = Sub(text(values[place]), body, [])
        return None

    def _s_given(self, node: Node) -> Steps[Value]:
        yield from ()
        return node[1][-1] if node[1] else None

    def _s_choose(self, node: Node) -> Steps[Value]:
        found = yield from self._chosen(node)
        return found[-1] if found else None

    def _l_choose(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._chosen(node))

    def _chosen(self, node: Node) -> Steps[list[Value]]:
        _, arms, otherwise = node
        for condition, body in arms:
            value = yield from self.scalar(condition)
            if is_true(value):
                return (yield from self._body(body))
        return (yield from self.block(otherwise)) if otherwise is not None else []

    def _body(self, body: Block) -> Steps[list[Value]]:
        """Do a block, or one statement before `if`, which has no scope of its own."""
        if len(body) == 1 and body[0].node[0] in ("my", "assign", "builtin", "print", "leave", "return"):
            return [(yield from self.scalar(body[0].node))]
        return (yield from self.block(body))

    def _turn(self, body: Block, label: str) -> Steps[bool]:
        """Do the body of a loop once; returns whether it goes on."""
        self.memory.step()
        try:
            yield from self.block(body)
        except LoopError as jump:
            if jump.label and jump.label != label:
                raise
            return jump.kind != "last"
        return True

    def _s_loop(self, node: Node) -> Steps[Value]:
        _, label, until, condition, body, after = node
        self.memory.scopes.append({})
        try:
            while is_true((yield from self.scalar(condition))) != until:
                if not (yield from self._turn(body, label)):
                    break
                if after:
                    yield from self.block(after)
        finally:
            self.memory.scopes.pop()
        return None

    def _s_loop_once(self, node: Node) -> Steps[Value]:
        _, _, until, condition, body, _ = node
        while True:
            self.memory.step()
            yield from self.block(body)
            if is_true((yield from self.scalar(condition))) == until:
                return None

    def _s_count(self, node: Node) -> Steps[Value]:
        _, label, first, condition, step, body = node
        self.memory.scopes.append({})
        try:
            if first is not None:
                yield from self.scalar(first)
            while condition is None or is_true((yield from self.scalar(condition))):
                if not (yield from self._turn(body, label)):
                    break
                if step is not None:
                    yield from self.scalar(step)
        finally:
            self.memory.scopes.pop()
        return None

    def _s_each(self, node: Node) -> Steps[Value]:
        _, label, name, given, body = node
        inner = given[1][0] if given[0] == "list" and len(given[1]) == 1 else given
        row: list[Value] | None = None
        if inner[0] in ("array", "array_of"):
            row = yield from self.container(inner)
        values = list(row) if row is not None else (yield from self.items(given))
        scope: Names = {}
        self.memory.scopes.append(scope)
        try:
            box = self.memory.declare(f"${name}")
            for place, value in enumerate(values):
                box = self.memory.declare(f"${name}")
                box.value = value
                goes_on = yield from self._turn(body, label)
                if row is not None and place < len(row) and row[place] is value:
                    row[place] = box.value  # the variable is an alias of the element
                if not goes_on:
                    break
        finally:
            self.memory.scopes.pop()
        return None

    def _s_leave(self, node: Node) -> Steps[Value]:
        yield from ()
        raise LoopError(node[1], node[2])

    def _s_return(self, node: Node) -> Steps[Value]:
        raise ReturnedError((yield from self.items(node[1])) if self.wanted else [(yield from self.scalar(node[1]))])

    def _s_do(self, node: Node) -> Steps[Value]:
        found = yield from self._within(node[1], wanted="")
        return found[-1] if found else None

    def _l_do(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._within(node[1], wanted=1))

    def _within(self, body: Block, *, wanted: Value) -> Steps[list[Value]]:
        kept, self.wanted = self.wanted, wanted
        try:
            return (yield from self.block(body))
        finally:
            self.wanted = kept

    def _s_eval(self, node: Node) -> Steps[Value]:
        found = yield from self._tried(self._within(node[1], wanted=""))
        return found[-1] if found else None

    def _l_eval(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._tried(self._within(node[1], wanted=1)))

    def _tried(self, steps: Steps[list[Value]]) -> Steps[list[Value]]:
        """Do steps; what they die of is $@."""
        depth, restored = len(self.memory.scopes), len(self._restored)
        try:
            found = yield from steps
        except DiedError as died:
            self.memory.scalar("@").value = died.value
            del self.memory.scopes[depth:], self._restored[restored:]
            return []
        self.memory.scalar("@").value = ""
        return found

    def _s_evaluated(self, node: Node) -> Steps[Value]:
        found = yield from self._evaluated(node)
        return found[-1] if found else None

    def _l_evaluated(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._evaluated(node))

    def _evaluated(self, node: Node) -> Steps[list[Value]]:
        source = text((yield from self.scalar(node[1])))
        parser = Parser(self.memory.parsed(source[: 16 << 10]))
        try:
            program = yield from parser.program()
        except PerlSyntaxError as fault:
            message = f"{fault.args[0]}\n".replace("%s", "(eval 1)").replace("%d", str(fault.line))
            self.memory.scalar("@").value = message
            return []
        except MissingModuleError as missing:
            self.memory.scalar("@").value = not_found(str(missing.args[0]), "(eval 1)", 1)
            return []
        if self.depth >= MAX_CALLS:
            raise self.died("Deep recursion")
        self.depth += 1
        try:
            return (yield from self._tried(self._within(program, wanted="")))
        finally:
            self.depth -= 1

    def _s_do_file(self, _node: Node) -> Steps[Value]:
        yield from ()
        return None


_INCLUDED = (
    "/etc/perl", "/usr/local/lib/x86_64-linux-gnu/perl/5.36.0", "/usr/local/share/perl/5.36.0",
    "/usr/lib/x86_64-linux-gnu/perl5/5.36", "/usr/share/perl5", "/usr/lib/x86_64-linux-gnu/perl-base",
    "/usr/lib/x86_64-linux-gnu/perl/5.36", "/usr/share/perl/5.36", "/usr/local/lib/site_perl",
)  # fmt: skip


def not_found(module: str, title: str, line: int) -> str:
    """Return what Perl says of a module that is not installed."""
    path = module.replace("::", "/")
    where = f" at {title} line {line}" if title else ""
    hint = f"you may need to install the {module} module"
    return (
        f"Can't locate {path}.pm in @INC ({hint}) (@INC contains: {' '.join(_INCLUDED)}){where}.\n"
        f"BEGIN failed--compilation aborted{where}.\n"
    )
