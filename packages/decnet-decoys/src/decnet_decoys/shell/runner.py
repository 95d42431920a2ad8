# SPDX-License-Identifier: MIT
"""What expansion, redirections, compound commands and programs ask of the interpreter that runs them.

A command substitution runs a script, a loop runs its body, `sudo` runs a program: the recursion is in the language.
This protocol keeps it out of the imports.
"""

from collections.abc import Generator
from typing import Any, Protocol

from decnet_decoys.shell.effects import Effect, Effects
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer, Streams
from decnet_decoys.shell.syntax.nodes import Command, Sequence


class Runner(Protocol):
    """The interpreter of one shell; each method but `buffer` is a generator of effects."""

    shell: ShellState
    descriptors: dict[int, InputBuffer | OutputBuffer]
    """What is open besides the three standard streams."""
    errors: OutputBuffer
    """Standard error of the command whose words are being expanded."""

    def buffer(self) -> OutputBuffer:
        """Return a new buffer whose content counts against the line's budget."""
        ...

    def flush(self) -> Generator[Effect, Any, None]:
        """Show what has been printed so far."""
        ...

    def command(self, command: Command, streams: Streams) -> Effects:
        """Run one command of a pipeline in this shell."""
        ...

    def shows(self, buffer: OutputBuffer) -> bool:
        """Return whether what is written there is seen on the screen."""
        ...

    def sequence(self, sequence: Sequence, streams: Streams) -> Effects:
        """Run pipelines one after the other, but for those that `&&` and `||` skip."""
        ...

    def script(self, text: str, streams: Streams) -> Effects:
        """Run the text of a script, a substitution or a line in this shell."""
        ...

    def subshell(self, text: str, argv: list[str], streams: Streams, *, named: bool = False) -> Effects:
        """Run a script's text in a subshell with its own positional parameters; `named` if $0 is what it is called."""
        ...

    def execute(self, argv: list[str], streams: Streams, *, program: bool = False, functions: bool = True) -> Effects:
        """Run the command that `argv` names: a function, a program, a script, or nothing that is known.

        `program` when another program runs it, which knows neither functions nor builtins; `functions` whether a
        function may be it.
        """
        ...

    def save(
        self, path: str, data: bytes, *, append: bool = False, err: OutputBuffer | None = None
    ) -> Generator[Effect, Any, None]:
        """Write a file of the decoy and have its content kept as evidence."""
        ...
