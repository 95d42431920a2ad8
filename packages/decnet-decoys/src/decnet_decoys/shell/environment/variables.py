# SPDX-License-Identifier: MIT
"""A shell's variables and positional parameters, and what becomes of them in functions and processes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Set
from contextlib import contextmanager

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.environment.dash import VARIABLES
from decnet_decoys.shell.environment.language import Language
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.parameters import ExpansionError
from decnet_decoys.shell.interactive import nesting

MAX_VARIABLES = 500
MAX_VARIABLE_CHARACTERS = 1 << 20
"""Of all variables of a session."""
MAX_REFERENCES = 8
"""Variables that stand for each other, one after the other."""
MAX_NAMED = 16
"""Functions that run, of which FUNCNAME has the names."""

_PARAMETERS = (*map(str, range(10)), "@", "*", "#")
KeptVariables = tuple[dict[str, str], set[str]]
"""Variables, and the names of those that are exported."""


class Variables(Language, ABC):
    """The variables of one shell, bounded in number and length."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: dict[str, str] = {}
        self.exported: set[str] = set()
        self.readonly: set[str] = set()
        self.parameters: list[str] = []
        """$1 and the following."""
        self._characters = 0
        self.associative: set[str] = set()
        """Arrays whose keys are texts."""
        self.kinds: dict[str, str] = {}
        """What `declare` made of variables: i, a number, l or u, of small or capital letters, n, a reference."""
        self._called: list[str] = []
        """The functions that run, the innermost first."""
        self._scopes: list[dict[str, str | None]] = []
        """Of each function that runs, what its local variables were before, and the elements of its arrays."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What $0 is."""

    def referred(self, name: str) -> str:
        """Return what variable a name stands for: another one if it is a reference (`declare -n`)."""
        for _ in range(MAX_REFERENCES if self.kinds else 0):
            if "n" not in self.kinds.get(name, "") or not self.variables.get(name):
                break
            name = self.variables[name]
        return name

    def set(self, name: str, value: str) -> None:
        """Set a variable, bounded in number and length; one that there is no room for stays as it is."""
        name = self.referred(name)
        value = value[:MAX_WORD]
        if name in self.readonly:
            raise ExpansionError(f"{name}: readonly variable")
        more = len(value) - len(self.variables.get(name, ""))
        full = name not in self.variables and len(self.variables) >= MAX_VARIABLES
        if full or self._characters + more > MAX_VARIABLE_CHARACTERS:
            return
        self._characters += more
        self.variables[name] = value
        if name == "PATH":
            self.hashed.clear()
        if "allexport" in self.options:
            self.exported.add(name)

    def temporary(self) -> KeptVariables:
        """Return what `restore` needs after assignments that are a command's only."""
        return dict(self.variables), set(self.exported)

    def restore(self, kept: KeptVariables, names: list[str]) -> None:
        """Give back to variables what they were."""
        before, exported = kept
        for name in names:
            if name in before:
                self._characters += len(before[name]) - len(self.variables.get(name, ""))
                self.variables[name] = before[name]
            else:
                self.unset(name)
        self.exported = {name for name in self.exported if name not in names} | (exported & set(names))

    def unset(self, name: str) -> None:
        self._characters -= len(self.variables.pop(name, ""))
        self.exported.discard(name)
        if name == "PATH":
            self.hashed.clear()
        self.associative.discard(name)
        self.kinds.pop(name, None)

    def set_parameters(self, argv: list[str]) -> dict[str, str]:
        """Set $0 to $9, $@ and $#; returns what they were."""
        kept = {name: self.variables[name] for name in _PARAMETERS if name in self.variables}
        kept["0"] = kept.get("0") or self.name
        argv = [argv[0] or self.variables.get("0", self.name), *argv[1:]]
        argv = [argument[:MAX_WORD] for argument in argv]
        rest = " ".join(argv[1:])[:MAX_WORD]
        self.parameters = argv[1:2000]
        self.give_back_parameters({str(index): argument for index, argument in enumerate(argv[:10])})
        self.variables.update({"@": rest, "*": rest, "#": str(len(argv) - 1)})
        return kept

    def give_back_parameters(self, kept: dict[str, str]) -> None:
        """Make $0 to $9, $@ and $# what `set_parameters` returned; those that it did not are not set."""
        for name in _PARAMETERS:
            self.variables.pop(name, None)
        self.variables.update(kept)

    @contextmanager
    def calling(self, argv: list[str]) -> Iterator[None]:
        """Give a function its parameters and local variables, and take them away at the end."""
        parameters, depth = self.parameters, len(self.outer)
        kept = self.set_parameters([self.variables.get("0", ""), *argv[1:]])
        self._scopes.append({})
        self._called.insert(0, argv[0])
        self._name_called()
        try:
            yield
        finally:
            with nesting.in_outer(self, depth):
                self._called.pop(0)
                self._name_called()
                self.give_back_parameters(kept)
                self.parameters = parameters
                self._leave_scope()

    def _leave_scope(self) -> None:
        """Give back to the innermost function's local variables what they were; a shell of its own has none of them."""
        scope = self._scopes.pop() if self._scopes else {}
        for name in self._elements(scope.keys()):
            scope.setdefault(name, None)
        for name, value in scope.items():
            self.associative.discard(name)
            self.kinds.pop(name, None)
            self._characters += len(value or "") - len(self.variables.pop(name, ""))
            if value is not None:
                self.variables[name] = value

    def _name_called(self) -> None:
        """Set FUNCNAME to the functions that run, the innermost first."""
        arrays.keep(self.variables, "FUNCNAME", self._called[:MAX_NAMED])

    def localise(self, name: str) -> bool:
        """Make a variable local to the function that runs; False outside of functions."""
        if not self._scopes:
            return False
        scope = self._scopes[-1]
        if name not in scope and len(scope) < MAX_VARIABLES:
            scope[name] = self.variables.get(name)
            scope |= {element: self.variables[element] for element in self._elements({name})}
            for one in (name, *self._elements({name})) if not self.dash else ():  # dash's has the value from before
                self._characters -= len(self.variables.pop(one, ""))
        return True

    def _elements(self, names: Set[str]) -> list[str]:
        """Return the elements of the arrays of these names, among the variables."""
        return [one for one in self.variables if one.endswith("]") and one.partition("[")[0] in names]

    @property
    def returns(self) -> bool:
        """Whether there is something to `return` from."""
        return bool(self._scopes) or self.sourcing > 0

    def only_exported(self) -> None:
        """Keep what a program that is started gets: exported variables, no functions."""
        self.hashed = {}
        self.readonly = set()
        own = {"HOSTNAME", "IFS", "PPID", "UID", "EUID", "HOSTTYPE", "OSTYPE", "MACHTYPE", "BASHPID", "BASH", "PS1"}
        self.variables = {
            name: value
            for name, value in self.variables.items()
            if name in self.exported or name in own or name.startswith("BASH_VERS")
        }
        if self.dash:
            for name in [one for one in self.variables if one in VARIABLES or one.startswith("BASH")]:
                if name not in self.exported:
                    del self.variables[name]
        self._characters = 0
