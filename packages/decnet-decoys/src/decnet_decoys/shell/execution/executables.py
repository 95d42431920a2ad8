# SPDX-License-Identifier: MIT
"""Programs and scripts that a command names: what is checked before they run, and by what a script is run."""

from contextlib import suppress

from decnet_decoys.shell.budget import LineBudget
from decnet_decoys.shell.call import Call, Handler
from decnet_decoys.shell.command_lookup import Found, find, on_path, remembered
from decnet_decoys.shell.commands.busybox.words import is_worded, said
from decnet_decoys.shell.commands.options import UsageError
from decnet_decoys.shell.commands.refused_options import refused
from decnet_decoys.shell.commands.versions import version_told
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.environment import dash
from decnet_decoys.shell.environment.language import OPTION_OF
from decnet_decoys.shell.environment.preloading import preload_errors
from decnet_decoys.shell.execution import refused_builtins
from decnet_decoys.shell.machine.distribution import called_as
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import BUILTINS
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.streams import Streams

MAX_HASHED = 200
"""Programs whose places a shell remembers."""


def _remember_path(shell: ShellState, name: str) -> None:
    """Count a program that was found in $PATH, as `hash` shows it."""
    if "/" in name or name in BUILTINS:
        return
    path, hits = shell.hashed.get(name, (None, 0))
    if path is None and len(shell.hashed) < MAX_HASHED:
        path = on_path(shell, name)
    if path is not None:
        shell.hashed[name] = (path, hits + 1)


def run_named(
    runner: Runner, budget: LineBudget, argv: list[str], streams: Streams, *, tty: bool, program: bool
) -> Effects:
    """Run what a name stands for that is no function; `program` when another program runs it."""
    shell = runner.shell
    found = (None if program else remembered(shell, argv[0])) or find(shell, argv[0])
    if shell.dash and not program and argv[0] in dash.BASH_ONLY:
        found = Found(argv[0], complaint=f"{argv[0]}: not found")
    if found.handler is None and found.script is None:
        streams.err.write(encode(shell.complaint(found.complaint) + "\n"))
        return found.status
    if not program:
        _remember_path(shell, argv[0])
    if found.handler is not None:
        call = _called(found.name, argv, runner, streams, tty=tty, own=program)
        return (yield from _run_program(runner, budget, found.handler, call, argv))
    return (yield from _run_script(runner, budget, found.name, found.script or "", argv, streams))


def _run_script(  # noqa: PLR0917
    runner: Runner, budget: LineBudget, name: str, text: str, argv: list[str], streams: Streams
) -> Effects:
    """Run a script by what its first line names; one without such a line by a shell like this one."""
    shell = runner.shell
    words = text[2:258].partition("\n")[0].split() if text.startswith("#!") else []
    words = words[1:] if words and words[0].endswith("/env") else words
    flags = set("".join(one[1:] for one in words[1:3] if one.startswith("-")))
    interpreter = words[0].rpartition("/")[2] if words else ""
    debian = shell.machine.persona.family == "debian"
    if debian and interpreter and interpreter not in ("sh", "dash", "bash"):
        with budget:  # what it names may be this script again
            return (yield from runner.execute([*words, name, *argv[1:]], streams, program=True))
    _become_job(shell, [*(words or [shell.name]), name, *argv[1:]], words[0] if words else f"/bin/{shell.kind}")
    with shell.forked():
        if debian and interpreter:
            shell.kind = "bash" if interpreter == "bash" else "dash"
        shell.options = {OPTION_OF[letter] for letter in flags & OPTION_OF.keys()}
        return (yield from runner.subshell(text, [name, *argv[1:]], streams, named=shell.dash))


def _run_program(runner: Runner, budget: LineBudget, handler: Handler, call: Call, argv: list[str]) -> Effects:
    """Run a program, unless its version is asked for or it refuses an option; `argv[0]` is what it was called by."""
    shell, name, streams = runner.shell, call.name, call.streams
    version = version_told(shell.machine.persona, name, argv[1:])
    if version is not None:
        (streams.err if version.error else streams.out).write(encode(version.text + "\n"))
        return 0
    of_debian = shell.machine.persona.family == "debian" and name not in BUILTINS
    wrong = refused(name, argv[1:]) if of_debian else None
    if wrong is not None:
        streams.err.write(encode(_called_by(call.called, name, wrong.err)))
        streams.out.write(encode(wrong.out))
        return wrong.status
    if wrong is None and name in BUILTINS and shell.kind == "bash" and not call.is_program:
        told = refused_builtins.refused(name, argv[1:])
        if told is not None:
            streams.err.write(encode(f"{shell.complaint(told[0])}\n{told[1]}\n"))
            return 2
    if of_debian or (shell.machine.persona.family == "debian" and "/" in argv[0]):
        streams.err.write(encode(preload_errors(shell)))
    with budget:  # `exec exec exec ...` nests too
        named, shell.first_argument = shell.first_argument, ""
        _become_job(shell, [named or argv[0], *argv[1:]], argv[0])
        shell.running.begin(argv, shell.cwd)
        try:
            if shell.machine.persona.family == "busybox" and is_worded(name):
                return (yield from _in_words_of_busybox(runner, handler, call))
            return (yield from _handled(handler, call))
        finally:
            shell.running.end()


def _called_by(called: str, name: str, text: str) -> str:
    """Return a refusal of the program `name` as it is worded when it was called by a path."""
    if called == name:
        return text
    return text.replace(f"{name}: ", f"{called}: ", 1).replace(f"'{name} --", f"'{called} --")


_REPLACED = frozenset(("chrt", "env", "ionice", "nice", "nohup", "setsid", "stdbuf", "taskset"))
"""Programs whose process becomes that of the program that they are given (execve(2))."""


def _become_job(shell: ShellState, argv: list[str], name: str) -> None:
    """Let the job that is about to begin be seen as a program, unless a builtin still has to find that."""
    job = shell.starting
    if job is None or (name in BUILTINS and "/" not in name) or (name in _REPLACED and len(argv) > 1):
        return
    shell.starting = None
    path = name if "/" in name else on_path(shell, name) or name
    job.argv, job.directory = tuple(one[:4096] for one in argv[:64]), shell.cwd
    with suppress(FileSystemError):
        job.program = shell.files.locate(path, shell.access)


def _handled(handler: Handler, call: Call) -> Effects:
    """Do what a program does; it complains of the fault that it raises."""
    try:
        answer = handler(call)
        return answer if isinstance(answer, int) else (yield from answer)
    except UsageError as fault:
        return call.fail(str(fault), fault.status)
    except FileSystemError as fault:
        return call.fail(str(fault))


def _in_words_of_busybox(runner: Runner, handler: Handler, call: Call) -> Effects:
    """Run a program of a small device: what it complains of is worded as by the applet of its name."""
    given, errors = call.err, runner.buffer()
    call.streams = call.streams._replace(err=errors)
    call.err = errors
    status = yield from _handled(handler, call)
    text, status = said(call.name, decode(errors.take()), status)
    given.write(encode(text))
    return status


def _called(name: str, argv: list[str], runner: Runner, streams: Streams, *, tty: bool, own: bool) -> Call:
    """Return the call of a program; `own` when another program runs it."""
    call = Call(runner, name, argv[1:], streams, tty=tty)
    shell = runner.shell
    call.called, call.path = called_as(name, argv[0]), shell.first_argument or argv[0]
    call.is_program = own or "/" in argv[0]
    return call
