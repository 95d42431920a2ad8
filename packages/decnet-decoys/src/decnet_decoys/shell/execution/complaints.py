# SPDX-License-Identifier: MIT
"""What a shell says of a script that it cannot read, as bash and dash word it."""

from decnet_decoys.shell.control_flow import ExitShell
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.environment import ash, dash
from decnet_decoys.shell.programs import BUILTINS
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import Streams
from decnet_decoys.shell.syntax.conditional import ConditionalError
from decnet_decoys.shell.syntax.nodes import IncompleteError, ShellSyntaxError
from decnet_decoys.shell.syntax.parser import Parser

MAX_LINES_BEFORE = 20_000
"""Lines of a script before the one that is shown as wrong."""
_ENDED = "syntax error: unexpected end of file"


def warn_of_documents(shell: ShellState, parser: Parser, first: int, streams: Streams) -> None:
    """Tell of here-documents that ended with the text, as bash does; its first line has the number `first`."""
    for delimiter, begun, ended in parser.unended() if not shell.dash else ():
        shell.line = first + ended - 1
        what = f"here-document at line {first + begun - 1} delimited by end-of-file (wanted `{delimiter[:256]}')"
        streams.err.write(encode(shell.complaint(f"warning: {what}") + "\n"))


def syntax_complaint(shell: ShellState, fault: ShellSyntaxError, text: str, first: int, streams: Streams) -> int:
    """Complain of a syntax error in `text`, whose first line has the number `first`; returns the exit status.

    Bash shows the line in question of a string that it was given to run; dash and ash end, unless typed at.
    """
    if shell.dash or shell.ash:
        is_open = isinstance(fault, IncompleteError)
        shell.line = first + text.count("\n") if is_open else shell.line
        worded = dash.syntax_error if shell.dash else ash.syntax_error
        wrong = worded(str(fault), fault.expected, incomplete=is_open)
        within = shell.evaluated if shell.dash else ""
        streams.err.write(encode(f"{shell.error_prefix}: {within}{wrong}\n"))
        if shell.is_typed_at:
            return 2
        raise ExitShell(2)
    if isinstance(fault, ConditionalError):
        prefix = shell.error_prefix.replace(": ", f": {_given(shell, text)}", 1)
        streams.err.write(encode(f"{prefix}: {fault}\n" if str(fault) else ""))
        return shell.status
    given = _given(shell, text)
    if isinstance(fault, IncompleteError):
        if not fault.quotes or str(fault) == ")":
            shell.line = first + text.count("\n") + (not text.endswith("\n"))
        message = f"unexpected EOF while looking for matching `{fault}'" if fault.quotes else _ENDED
    else:
        message = f"syntax error near unexpected token `{fault}'"
    prefix = shell.error_prefix.replace(": ", f": {given}", 1)
    message = f"{prefix}: {message}\n"
    if not isinstance(fault, IncompleteError) and (shell.terminal is None or shell.command or shell.script):
        place = min(shell.line - first, MAX_LINES_BEFORE)
        lines = text.split("\n", place + 1)[place:][:1]
        message += f"{prefix}: `{(lines or [text])[0][:4096]}'\n"
    streams.err.write(encode(message))
    return 2


_PROGRAMS = {
    "perl": "Unable to flush stdout: {}",
    "python3": "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w' encoding='utf-8'>\n"
    "OSError: [Errno 28] {}",
    "sed": "sed: couldn't flush stdout: {}",
    "sort": "sort: fflush failed: 'standard output': {}\nsort: write error",
    "wc": "wc: write error",
}
"""What programs say when nothing takes their output, unless it is `NAME: write error: WHY`."""
_STATUSES = {"grep": 2, "egrep": 2, "fgrep": 2, "python3": 120, "ls": 2, "sed": 4, "sort": 2}


def refused_output(shell: ShellState, name: str, streams: Streams, status: int) -> int:
    """Complain for a command whose standard output takes nothing, if it wrote any; returns its exit status."""
    out = streams.out.target
    if not out.refused or not out.take():
        return status
    told = f"{name}: write error: {out.refused}"
    if name in BUILTINS:
        told = shell.complaint(f"{name}: {name}: I/O error" if shell.dash else told)
    elif name in _PROGRAMS:
        told = _PROGRAMS[name].format(out.refused)
    streams.err.write(encode(told + "\n"))
    return _STATUSES.get(name, 1)


def _given(shell: ShellState, text: str) -> str:
    """Return what bash names besides where a text came from: `-c: `, or `eval: `."""
    return "-c: " if text == shell.string or (text == shell.command and shell.name == "bash") else shell.evaluated
