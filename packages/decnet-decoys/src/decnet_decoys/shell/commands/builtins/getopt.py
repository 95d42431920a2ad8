# SPDX-License-Identifier: MIT
"""getopt of util-linux: normalises a script's options so that it can read them one by one (getopt(1))."""

from collections.abc import Iterator, Mapping

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import colons_after, options
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import single_quoted
from decnet_decoys.shell.programs import command

_LONG = {"options": "o:", "longoptions": "l:", "name": "n:", "quiet": "q", "quiet-output": "Q", "shell": "s:",
         "test": "T", "unquoted": "u", "alternative": "a"}  # fmt: skip


@command("getopt", families=("debian",))
def getopt(call: Call) -> Effects:
    """Write the options of `-o` and `-l` that the arguments have, then `--` and the operands."""
    old = bool(call.args) and not call.args[0].startswith("-")
    found = options(call, "o:l:n:qQs:Tua", _LONG, status=2, permute=False)
    if "T" in found:
        return 4
    args = found.operands
    if "o" not in found and not args:
        call.print_error("getopt: missing optstring argument\nTry 'getopt --help' for more information.")
        return 2
    letters = found.last("o") if "o" in found else args.pop(0)
    long = {name.rstrip(":"): name for text in found.values.get("l", ()) for name in text.split(",")}
    reader = _Reader(letters.lstrip("+-"), long, plain=old or "u" in found)
    yield from reader.read(args, stops=letters.startswith("+"))
    for fault in reader.faults if "q" not in found else ():
        call.print_error(f"{found.last('n', 'getopt')}: {fault}")
    if "Q" not in found:
        call.print(" " + " ".join([*reader.options, "--", *map(reader.shown, reader.operands)]))
    return int(bool(reader.faults))


class _Reader:
    def __init__(self, letters: str, long: Mapping[str, str], *, plain: bool) -> None:
        self._letters, self._long, self._plain = letters, long, plain
        self.options: list[str] = []
        self.operands: list[str] = []
        self.faults: list[str] = []

    def shown(self, value: str) -> str:
        return value if self._plain else single_quoted(value)

    def read(self, args: list[str], *, stops: bool) -> Effects:
        rest = iter(args)
        for arg in rest:
            yield from turn()
            if arg == "--":
                self.operands.extend(rest)
            elif arg.startswith("--"):
                self._named(arg[2:], rest)
            elif arg.startswith("-") and len(arg) > 1:
                self._cluster(arg[1:], rest)
            else:
                self.operands.extend([arg, *rest] if stops else [arg])
        return 0

    def _named(self, text: str, rest: Iterator[str]) -> None:
        name, equals, value = text.partition("=")
        fitting = [name] if name in self._long else [one for one in self._long if one.startswith(name)]
        if not fitting:
            self.faults.append(f"unrecognized option '--{name}'")
            return
        if len(fitting) > 1:
            possible = " ".join(f"'--{one}'" for one in fitting)
            self.faults.append(f"option '--{name}' is ambiguous; possibilities: {possible}")
            return
        whole = self._long[fitting[0]]
        if not whole.endswith(":"):
            if equals:
                self.faults.append(f"option '--{fitting[0]}' doesn't allow an argument")
            else:
                self.options.append(f"--{fitting[0]}")
            return
        given = value if equals else "" if whole.endswith("::") else next(rest, None)
        if given is None:
            self.faults.append(f"option '--{fitting[0]}' requires an argument")
        else:
            self.options += [f"--{fitting[0]}", self.shown(given)]

    def _cluster(self, cluster: str, rest: Iterator[str]) -> None:
        for index, letter in enumerate(cluster, 1):
            colons = colons_after(letter, self._letters)
            if colons is None:
                self.faults.append(f"invalid option -- '{letter}'")
            elif not colons:
                self.options.append(f"-{letter}")
            else:
                given = cluster[index:] or ("" if colons == "::" else next(rest, None))
                if given is None:
                    self.faults.append(f"option requires an argument -- '{letter}'")
                else:
                    self.options += [f"-{letter}", self.shown(given)]
                return
