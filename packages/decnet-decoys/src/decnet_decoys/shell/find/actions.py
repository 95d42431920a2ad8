# SPDX-License-Identifier: MIT
"""The actions of an expression: files are printed, deleted, handed to programs."""

from collections.abc import Callable

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.find.conditions import Conditions
from decnet_decoys.shell.find.printing import formatted, listed
from decnet_decoys.shell.find.tests import Seen, Test, always
from decnet_decoys.shell.find.words import WrongExpressionError
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.syntax.escapes import unescape

MAX_EXECUTED = 300
"""Programs that -exec runs."""


class Actions(Conditions):
    """Makes a test of each action, which is true unless it failed."""

    def __init__(self, call: Call, args: list[str]) -> None:
        super().__init__(call, args)
        self._executed = 0

    def _t_print(self, _word: str) -> Test:
        return self._printing(lambda seen: seen.shown + "\n")

    def _t_print0(self, _word: str) -> Test:
        return self._printing(lambda seen: seen.shown + "\0")

    def _t_ls(self, _word: str) -> Test:
        return self._printing(lambda seen: listed(self._call, seen))

    def _t_printf(self, word: str) -> Test:
        layout = unescape(self._value(word)[:1024])[0]
        return self._printing(lambda seen: formatted(self._call, layout, seen))

    def _t_quit(self, _word: str) -> Test:
        self.acts = True
        return always

    def _printing(self, shown: Callable[[Seen], str]) -> Test:
        self.acts = True

        def act(seen: Seen) -> Steps[bool]:
            yield from ()
            self._call.print(shown(seen), end="")
            return True

        return act

    def _t_delete(self, _word: str) -> Test:
        self.acts = True

        def act(seen: Seen) -> Steps[bool]:
            yield from ()
            try:
                self._call.shell.files.remove(seen.path, self._call.shell.access)
            except FileSystemError as error:
                self._call.fail(f"cannot delete {quoted(seen.shown)}: {error}")
                return False
            return True

        return act

    def _t_exec(self, word: str) -> Test:
        self.acts = True
        words: list[str] = []
        while (one := self._value(word)) != ";" and not (one == "+" and words[-1:] == ["{}"]):
            words.append(one)
        if one == "+":
            return self._collecting(words[:-1])
        if not words:
            raise WrongExpressionError(f"invalid argument `;' to `{word}'")

        def act(seen: Seen) -> Steps[bool]:
            self._executed += 1
            if self._executed > MAX_EXECUTED:
                return False
            line = [one.replace("{}", seen.shown) for one in words]
            return (yield from started(self._call, line)) == 0

        return act

    _t_execdir = _t_ok = _t_exec

    def _collecting(self, words: list[str]) -> Test:
        names: list[str] = []

        def act(seen: Seen) -> Steps[bool]:
            yield from ()
            names.append(seen.shown)
            return True

        def run() -> Steps[None]:
            if names:
                yield from started(self._call, [*words, *names[:2000]])

        self.collected.append(run)
        return act
