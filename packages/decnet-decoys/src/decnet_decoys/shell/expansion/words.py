# SPDX-License-Identifier: MIT
"""Words with their parts to arguments; a command substitution runs on the shell, so these are generators of effects."""

import re
from contextlib import suppress
from functools import partial

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.control_flow import BROKEN_PIPE, ExitShell
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.environment.dash import BAD_SUBSTITUTION
from decnet_decoys.shell.expansion import arrays
from decnet_decoys.shell.expansion.arithmetic import ExpressionError, evaluate
from decnet_decoys.shell.expansion.elements import set_named
from decnet_decoys.shell.expansion.parameters import Context, ExpansionError, parameter
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import OutputFullError, Streams
from decnet_decoys.shell.syntax.lexer import parts_of
from decnet_decoys.shell.syntax.nodes import Part, ShellSyntaxError, Word

MAX_READERS = 8
"""Commands of `>(command)` that wait for what is written to them."""
_READ = re.compile(r"\s*<\s*[^<(&\s]\S*\s*$")
"""`$(<file)`, which is what the file has."""
_REFERENCE = re.compile(r"([#!]?)([A-Za-z_]\w*)")


def text(runner: Runner, word: Word) -> Steps[str]:
    """Return the word as one string, neither split nor matched against files."""
    values: list[str] = []
    room = MAX_WORD
    for index, part in enumerate(word):
        yield from turn()
        value = yield from value_of(runner, part)
        values.append(home_of(runner.shell, value) if index == 0 and not part.quoted else value)
        room -= len(value)
        if room < 0:
            break
    return "".join(values)[:MAX_WORD]


def document(runner: Runner, body: str) -> Steps[str]:
    """Return a here-document with what is in it expanded."""
    try:
        parts = parts_of(body)
    except ShellSyntaxError:
        return body
    return (yield from text(runner, parts))


def home_of(shell: ShellState, value: str) -> str:
    if value == "~" or value.startswith("~/"):
        return shell.variables.get("HOME", "/") + value[1:]
    if value.startswith("~") and len(value) < 100:
        name, slash, rest = value[1:].partition("/")
        known = {"+": shell.cwd, "-": shell.variables.get("OLDPWD", value)}
        user = shell.account(name)
        return (
            value if user is None and name not in known else known.get(name, user.home if user else "") + slash + rest
        )
    return value


def context_of(runner: Runner, *, quoted: bool = False) -> Context:
    shell = runner.shell
    operand, strict = partial(_operand, runner), "nounset" in shell.options
    in_quotes = partial(_quoted_operand, runner) if quoted else None
    return Context(_Variables(shell), operand, shell.set, shell.associative, shell.parameters, strict, in_quotes)


def value_of(runner: Runner, part: Part) -> Steps[str]:
    shell = runner.shell
    if part.kind == "text":
        return part.text
    if part.kind == "variable" and shell.kinds:
        part = part._replace(text=dereferenced(shell, part.text))
    if part.kind == "variable" and (joined := _joined_by_ifs(shell, part.text)) is not None:
        return joined
    if part.kind == "variable":
        if shell.dash and BAD_SUBSTITUTION.fullmatch(part.text):
            raise ExpansionError("Bad substitution")
        return (yield from parameter(part.text, context_of(runner, quoted=part.quoted)))
    if part.kind == "arithmetic":
        inner = yield from document(runner, part.text)
        try:
            return str(evaluate(inner, shell.variables, partial(set_named, shell), posix=shell.dash))
        except ExpressionError as fault:
            raise ExpansionError(str(fault)) from fault
    if part.kind == "process":
        return (yield from _process(runner, part.text))
    return (yield from _substituted(runner, part.text))


def dereferenced(shell: ShellState, text: str) -> str:
    """Return what stands between `${` and `}` with the variable for which a reference stands."""
    found = _REFERENCE.match(text)
    if found is None or "n" not in shell.kinds.get(found[2], ""):
        return text
    if found[1] == "!":  # the name itself
        return found[2] + text[found.end() :]
    return found[1] + shell.referred(found[2]) + text[found.end() :]


def _joined_by_ifs(shell: ShellState, name: str) -> str | None:
    """Return what `${name[*]}` is where $IFS begins with anything but a blank."""
    separator = shell.variables.get("IFS", " ")[:1]
    if separator == " " or not name.endswith("[*]") or f"{name[:-3]}[@]" not in shell.variables:
        return None
    return separator.join(arrays.values(shell.variables, name[:-3]))[:MAX_WORD]


def _substituted(runner: Runner, command: str) -> Steps[str]:
    out, err, shell = runner.buffer(), runner.errors, runner.shell
    if _READ.match(command):
        command = f"cat {command}"
    shell.within += 1
    try:
        shell.status = yield from runner.script(command, Streams(None, out, err.inherited()))
    except ExitShell as leaving:
        shell.status = leaving.status
    except OutputFullError:
        shell.status = BROKEN_PIPE
    finally:
        shell.within -= 1
    runner.errors, shell.substituted = err, shell.status
    return decode(out.take()).rstrip("\n").replace("\0", "")[:MAX_WORD]


def _operand(runner: Runner, word: str) -> Steps[str]:
    """Return the word of `${x:-word}` expanded."""
    if not any(mark in word for mark in "$`\\\"'~"):
        return word
    if word[:1] == word[-1:] == "'" and len(word) > 1:
        return word[1:-1]
    return (yield from text(runner, parts_of(word.replace('"', ""))))


def _quoted_operand(runner: Runner, word: str) -> Steps[str]:
    """Return the word of `"${x:-word}"` expanded, in which apostrophes are characters like others."""
    if not any(mark in word for mark in '$`\\"'):
        return word
    return (yield from text(runner, parts_of(word.replace('"', ""))))


def _process(runner: Runner, command: str) -> Steps[str]:
    """Run `<(command)` and return the name under which its output is read."""
    out, shell = runner.buffer(), runner.shell
    direction, command = command[0], command[1:]
    if direction == "<":
        with shell.forked(), suppress(ExitShell, OutputFullError):
            yield from runner.script(command, Streams(None, out, runner.buffer()))
    number = 63 - (len(shell.opened) + len(shell.readers)) % 32
    path = f"/dev/fd/{number}"
    if direction == ">" and len(shell.readers) < MAX_READERS:
        path = f"/dev/shm/.fd{number}"  # noqa: S108  # a path of the decoy
        with suppress(FileSystemError):
            shell.files.write(path, b"", shell.access)
        shell.readers[path] = command
        return path
    shell.opened[path] = out.take()
    shell.files.pipes[f"/proc/self/fd/{number}"] = Entry(
        "link", 0o500, mtime=shell.now, target=f"pipe:[{shell.pid * 7 + number}]"
    )
    return path


def shell_options(shell: ShellState) -> str:
    """Return what $SHELLOPTS is."""
    own = {"braceexpand", "hashall", "interactive-comments"}
    typed = {"emacs", "histexpand", "history", "monitor"} if shell.is_typed_at else set()
    return ":".join(sorted(shell.options | own | typed))


class _Variables(dict[str, str]):
    """The shell's variables with the special parameters among them."""

    def __init__(self, shell: ShellState) -> None:
        super().__init__(shell.variables)
        self |= {"?": str(shell.status), "$": str(shell.pid), "!": str(shell.jobs.last_pid or ""), "-": shell.flags}
        self.setdefault("0", shell.name)
        if "IFS" in self and shell.parameters:
            self["*"] = self["IFS"][:1].join(shell.parameters)[: 1 << 16]
        self.setdefault("#", "0")
        self.update({str(index): value for index, value in enumerate(shell.parameters[9:], 10)})
        if shell.dash:
            return
        self["SHELLOPTS"] = shell_options(shell)
        self.setdefault("OPTIND", "1")
        self.setdefault("PS4", "+ ")
        if shell.command is not None:
            self["BASH_EXECUTION_STRING"] = shell.string or shell.command
        self["BASH_SUBSHELL"] = str(shell.within + shell.jobs.of_child)
        self["RANDOM"] = str(shell.random())
        self["SECONDS"] = str(max(0, shell.now - shell.began))
        self["LINENO"] = str(shell.line)
