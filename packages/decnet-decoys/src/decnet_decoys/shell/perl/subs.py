# SPDX-License-Identifier: MIT
"""Perl's functions and methods: those of the program, of modules, of objects and of handles."""

from __future__ import annotations

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.perl.formats import formatted
from decnet_decoys.shell.perl.functions import FUNCTIONS
from decnet_decoys.shell.perl.input_output.sockets import CONSTANTS
from decnet_decoys.shell.perl.lists import Lists
from decnet_decoys.shell.perl.syntax.tree import Node
from decnet_decoys.shell.perl.values import (
    Handle,
    Ref,
    ReturnedError,
    Sub,
    Value,
    integer,
    text,
    to_bytes,
    to_shell,
)

MAX_CALLS = 20
"""Functions that call each other, deep."""


class Subs(Lists):
    """Calls functions by name, reference or object."""

    def _s_function(self, node: Node) -> Steps[Value]:
        yield from ()
        return Ref("CODE", Sub("__ANON__", node[2], list(self.memory.scopes), self.package))

    def _s_code(self, node: Node) -> Steps[Value]:
        return (yield from self.scalar(("user", node[1], ("array", "_"), self.line)))

    def _s_called(self, node: Node) -> Steps[Value]:
        found = yield from self._call_of(node, wanted="")
        return found[-1] if found else None

    def _l_called(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._call_of(node, wanted=1))

    def _call_of(self, node: Node, *, wanted: Value) -> Steps[list[Value]]:
        _, target, given = node
        if target[0] == "code":
            return (yield from self._user(target[1], given, wanted=wanted))
        value = yield from self.scalar(target)
        values = yield from self.items(given)
        if isinstance(value, str) and f"&{value}" in self.memory.globals:
            value = Ref("CODE", self.memory.globals[f"&{value}"])
        if not isinstance(value, Ref) or not isinstance(value.target, Sub):
            raise self.died(
                "Not a CODE reference"
                if value is not None
                else "Can't use an undefined value as a subroutine reference"
            )
        return (yield from self.call_sub(value, values, wanted=wanted))

    def _s_user(self, node: Node) -> Steps[Value]:
        found = yield from self._user(node[1], node[2], wanted="")
        return found[-1] if found else None

    def _l_user(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._user(node[1], node[2], wanted=1))

    def _user(self, name: str, given: Node, *, wanted: Value) -> Steps[list[Value]]:
        """Call a function by its name: the program's, or one that a module exports."""
        short = name.rpartition("::")[2]
        found = self.memory.globals.get(f"&{name}") or self.memory.globals.get(f"&{self.package}::{name}")
        if found is not None:
            values = yield from self.items(given)
            return (yield from self.call_sub(Ref("CODE", found), values, wanted=wanted))
        arguments = list(given[1]) if given[0] == "list" else [given]
        if short in ("inet_aton", "sockaddr_in", "pack_sockaddr_in", "inet_ntoa"):
            return [(yield from self._address_call(short, arguments))]
        if (method := getattr(self, f"_f_{short}", None)) is not None:
            value = yield from method(arguments, bool(wanted))
            return value if isinstance(value, list) else [value]
        if short in FUNCTIONS or short in ("uniq", "shuffle"):
            value = self.plain(short, (yield from self.items(given)), wants_list=bool(wanted))
            return value if isinstance(value, list) else [value]
        if short in CONSTANTS:
            return [CONSTANTS[short]]
        full = name if "::" in name else f"{self.package}::{name}"
        raise self.died(f"Undefined subroutine &{full} called")

    def _address_call(self, name: str, arguments: list[Node]) -> Steps[Value]:
        values: list[Value] = []
        for one in arguments:
            values.append((yield from self.scalar(one)))  # noqa: PERF401
        if name == "inet_aton":
            return (yield from self.address(to_shell(values[0] if values else "")))
        if name == "inet_ntoa":
            return ".".join(str(ord(one)) for one in text(values[0] if values else "")[:4])
        if len(values) < 2 or values[1] is None:
            raise self.died("Bad arg length for Socket::pack_sockaddr_in, length is 0, should be 4")
        port = integer(values[0], 65535)
        return "\x02\0" + chr(port >> 8 & 255) + chr(port & 255) + text(values[1])[:4] + "\0" * 8

    def _f_kill(self, arguments: list[Node], _wants: bool) -> Steps[Value]:
        values = yield from self.items(("list", tuple(arguments)))
        done = 0
        for one in values[1:50]:
            signal = to_shell(values[0]).lstrip("-")
            handler = self.memory.table("SIG").get(signal.removeprefix("SIG"))
            if isinstance(handler, Ref) and integer(one) == integer(self.memory.scalar("$").value):
                yield from self.call_sub(handler, [signal.removeprefix("SIG")])
                done += 1
                continue
            status = yield from self._status_of(
                ["kill", f"-{signal}", to_shell(one)], self.call.streams._replace(err=self.call.runner.buffer())
            )
            done += not status
        return done

    def call_sub(self, target: Ref, values: list[Value], *, wanted: Value = "") -> Steps[list[Value]]:
        """Call a function with its arguments; returns what it returns."""
        sub = target.target
        if not isinstance(sub, Sub):
            raise self.died("Not a CODE reference")
        if self.depth >= MAX_CALLS:
            raise self.died("Deep recursion limit exceeded")
        scopes, kept_line, kept_wanted, package = self.memory.scopes, self.line, self.wanted, self.package
        self.memory.scopes = [*(sub.scope or []), {"@_": values}]
        self.depth, self.wanted, self.package = self.depth + 1, wanted, sub.package
        restored = len(self._restored)
        try:
            return (yield from self.block(sub.body))
        except ReturnedError as returned:
            return returned.values
        finally:
            del self._restored[restored:]
            self.depth -= 1
            self.memory.scopes, self.line, self.wanted, self.package = scopes, kept_line, kept_wanted, package

    def _s_method(self, node: Node) -> Steps[Value]:
        found = yield from self._method_of(node, wanted="")
        return found[-1] if found else None

    def _l_method(self, node: Node) -> Steps[list[Value]]:
        return (yield from self._method_of(node, wanted=1))

    def _method_of(self, node: Node, *, wanted: Value) -> Steps[list[Value]]:
        _, target, name_node, given = node
        value = yield from self.scalar(target)
        name = yield from self.scalar(name_node)
        values = yield from self.items(given)
        if isinstance(name, Ref):
            return (yield from self.call_sub(name, [value, *values], wanted=wanted))
        name = text(name)
        package = value.package if isinstance(value, Ref) else "" if isinstance(value, Handle) else text(value)
        found = self._resolved(package, name, 0) if package else None
        if found is not None:
            return (yield from self.call_sub(Ref("CODE", found), [value, *values], wanted=wanted))
        if name == "new" and package.startswith("IO::Socket"):
            return [(yield from self.new_socket(values))]
        handle = self.handle(value)
        if handle is not None:
            return [(yield from self._handle_method(handle, name, values))]
        if name in ("isa", "can"):
            given = text(values[0] if values else "")
            sub = self._resolved(package, given, 0) if name == "can" else None
            return [Ref("CODE", sub) if sub is not None else 1 if name == "isa" and package == given else ""]
        if value is None:
            raise self.died(f'Can\'t call method "{name}" on an undefined value')
        if isinstance(value, Ref) and not value.package:
            raise self.died(f'Can\'t call method "{name}" on unblessed reference')
        is_known = any(one.startswith(f"&{package}::") for one in self.memory.globals)
        hint = "" if is_known else f' (perhaps you forgot to load "{package}"?)'
        raise self.died(f'Can\'t locate object method "{name}" via package "{package}"{hint}')

    def is_exported(self, name: str) -> bool:
        return name in FUNCTIONS or name in CONSTANTS

    def _resolved(self, package: str, name: str, depth: int) -> Sub | None:
        found: Sub | None = self.memory.globals.get(f"&{package}::{name}") or (
            self.memory.globals.get(f"&{name}") if package == "main" else None
        )
        if found is None and depth < 8:
            parents = self.memory.globals.get(f"@{package}::ISA", [])
            for parent in parents[:8]:
                found = found or self._resolved(text(parent), name, depth + 1)
        return found

    def _handle_method(self, handle: Handle, name: str, values: list[Value]) -> Steps[Value]:
        if name in ("print", "say", "printf", "syswrite", "send"):
            shown = formatted(values) if name == "printf" else self.memory.joined("", values) + "\n" * (name == "say")
            if handle.out is not None:
                handle.out.write(to_bytes(shown))
            return 1
        if name == "close":
            return (yield from self.close(handle))
        if name in ("getline", "getlines"):
            return (yield from self.read_line(handle))
        if name == "accept":
            yield from self.call.runner.flush()
            return self.waited()
        if name == "fdopen":
            return None if not values or values[0] is None else 1
        return {"opened": 1 if handle.is_open else "", "connected": "", "fileno": 3}.get(name, 1)
