# SPDX-License-Identifier: MIT
"""What a shell's language keeps between commands besides variables: options, functions, aliases, traps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from decnet_decoys.shell.syntax.nodes import Function, Sequence

if TYPE_CHECKING:
    from decnet_decoys.shell.jobs import Job

MAX_FUNCTION_CHARACTERS = 1 << 16
"""Of the lines that define a session's functions."""
OPTION_OF = {"a": "allexport", "b": "notify", "C": "noclobber", "E": "errtrace", "e": "errexit", "f": "noglob",
             "k": "keyword", "m": "monitor", "n": "noexec", "P": "physical", "p": "privileged", "T": "functrace",
             "u": "nounset", "v": "verbose", "x": "xtrace"}  # fmt: skip
"""What the letters of `set` stand for."""


ShellKind: TypeAlias = Literal["bash", "dash", "ash"]
"""bash, dash as Debian's /bin/sh, or the shell of BusyBox."""


class Language:
    """The state of the language in one shell; pure data that commands read and change."""

    command: str | None
    """What the shell was started to run; None for one at which lines are typed."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.traps: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.hashed: dict[str, tuple[str, int]] = {}
        """Where the shell found a program in $PATH, and how often it was run since, by its name."""
        self.disabled: set[str] = set()
        """Builtins that `enable -n` took away."""
        self.status = 0
        self.finished = False
        self.umask = 0o022
        self.limits: dict[str, str] = {}
        """What `ulimit` has set, by its letter."""
        self.option_within = (0, 0)
        """The argument, and the place in it, at which `getopts` goes on among options that stand together."""
        self.within = 0
        """Command substitutions within each other that run, as `set -x` shows."""
        self.readers: dict[str, str] = {}
        """Commands of `>(command)`, by the name under which they are written to."""
        self.string = ""
        """What `sh -c` was given, in the shell that it is."""
        self.evaluated = ""
        """What the complaint about a syntax error names besides: `eval: ` within that."""
        self.bare = False
        """Whether the environment was made anew (`env -i`), so that nothing of a shell is in it."""
        self.outer: list[dict[str, Any]] = []
        """What the shells are within which this one was begun, the first one first."""
        self.pending: list[tuple[str, Sequence]] = []
        """What is left of the line in which a shell was begun that has ended, each with what stands before it."""
        self.first_argument = ""
        """What the program that runs next is given as its name by `exec -a`."""
        self._begin_processes()
        self.niceness = 0
        self.loops = 0
        """How many loops are running."""
        self.substituted = 0
        """Status of the last command substitution in the words of the command that runs."""
        self.line = 1
        """Of the script that runs, the line at which the command that runs begins."""
        self.kind: ShellKind = "bash"
        self.script = ""
        """Path of the script that runs, which names itself in what is wrong."""
        self.sourcing = 0
        """How many sourced scripts are running."""
        self.options: set[str] = set()
        """What `set -o` has switched on."""
        self.shopt: dict[str, bool] = {}
        """What `shopt` has changed."""
        self.tested = 0
        """How many commands whose status is tested are running: `set -e` does not end the shell within them."""

    def _begin_processes(self) -> None:
        """Set what is known of the processes that the shell begins and of the functions that it traces."""
        self.starting: Job | None = None
        """The job that is the next program that runs."""
        self.ended_by = ""
        """What ended the child process that ended last, in the words of strsignal(3), until the shell tells it."""
        self.traced: set[str] = set()
        """Functions with the attribute of `declare -t`."""

    @property
    def dash(self) -> bool:
        return self.kind == "dash"

    @property
    def ash(self) -> bool:
        return self.kind == "ash"

    @property
    def expands_aliases(self) -> bool:
        """Whether a command's name that is an alias is replaced: where commands are typed, or when asked for."""
        return self.command is None or bool(self.shopt.get("expand_aliases"))

    def define(self, function: Function) -> None:
        """Define a function; one that there is no room for is not defined."""
        functions = self.functions | {function.name: function}
        if sum(one.size for one in functions.values()) <= MAX_FUNCTION_CHARACTERS:
            self.functions = functions

    @contextmanager
    def testing(self, tested: bool) -> Iterator[None]:
        """Keep `set -e` from ending the shell while a command runs whose status is tested."""
        self.tested += tested
        try:
            yield
        finally:
            self.tested -= tested
