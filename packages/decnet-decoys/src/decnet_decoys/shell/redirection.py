# SPDX-License-Identifier: MIT
"""Redirections (POSIX.1-2017, Shell Command Language §2.7): where a command reads and writes instead."""

from collections.abc import Callable, Generator
from typing import Any

from decnet_decoys.shell.call import STANDARD_INPUT
from decnet_decoys.shell.effects import Effect, Pause, Requested
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.environment import ash, dash
from decnet_decoys.shell.expansion import splitting, words
from decnet_decoys.shell.expansion.elements import set_named
from decnet_decoys.shell.machine.fs_errors import NO_SPACE, FileSystemError
from decnet_decoys.shell.machine.tree import FULL
from decnet_decoys.shell.runner import Runner
from decnet_decoys.shell.streams import InputBuffer, OutputBuffer, Streams
from decnet_decoys.shell.syntax.nodes import HereDocument, Redirect
from decnet_decoys.shell.syntax.printing import word_text

MAX_DESCRIPTORS = 32
MAX_PIPES, MAX_PIPED = 8, 16 << 10
"""Named pipes that hold what nobody has read yet, and bytes of each."""


def redirected(
    runner: Runner, redirects: tuple[Redirect, ...], streams: Streams
) -> Generator[Effect, Any, int | tuple[Streams, Callable[[], Generator[Effect, Any, None]]]]:
    """Return the streams after redirection and what to do at the end, or a status when one was refused."""
    written: list[tuple[str, OutputBuffer]] = []
    names: list[str] = []
    for redirect in redirects:
        try:
            streams = yield from _redirect(runner, redirect, streams, written, names)
        except FileSystemError as fault:
            shown = ""
            if not isinstance(redirect.target, HereDocument):
                shown = word_text(redirect.target) if isinstance(fault, AmbiguousRedirectError) else names[-1]
            shell, message = runner.shell, f"{shown}: {fault}"
            if shell.dash or shell.ash:
                worded = dash.refused_redirection if shell.dash else ash.refused_redirection
                message = worded(shown, str(fault), reads=redirect.op.startswith("<"))
            streams.err.write(encode(f"{shell.error_prefix}: {message}\n"))
            yield from runner.flush()
            return 2 if shell.dash else 1

    def finish() -> Generator[Effect, Any, None]:
        for path, buffer in written:
            if runner.shell.files.exists(path) and runner.shell.files.stat(path).kind == "pipe":
                if len(runner.shell.pipes) < MAX_PIPES:
                    runner.shell.pipes[path] = buffer.take()[:MAX_PIPED]
                continue
            yield from runner.save(path, buffer.take(), append=True, err=streams.err)

    return streams, finish


def keep_open(streams: Streams, inner: Streams) -> None:
    """Let the streams be as `inner` from now on, as an `exec` without a command has it."""
    if inner.out is not streams.out:
        streams.out.divert(inner.out)
    if inner.err is not streams.err:
        streams.err.divert(inner.err)


_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/1": 1, "/dev/fd/2": 2}


def _redirect(  # noqa: PLR0911  # one return for each kind
    runner: Runner, redirect: Redirect, streams: Streams, written: list[tuple[str, OutputBuffer]], names: list[str]
) -> Generator[Effect, Any, Streams]:
    """Return the streams after one redirection, the name in which is added to `names`; raises FileSystemError."""
    if isinstance(redirect.target, HereDocument):
        body = redirect.target.body
        text = body if redirect.target.quoted else (yield from words.document(runner, body))
        return streams._replace(stdin=InputBuffer(encode(text)))
    target = yield from _target(runner, redirect)
    names.append(target)
    redirect = _chosen(runner, redirect, target)
    is_socket = target.startswith(("/dev/tcp/", "/dev/udp/")) and redirect.op != "<<<"
    if is_socket and (yield from _socket(runner, target, streams)):
        return _datagrams(runner, redirect, streams)
    if redirect.fd > 2 or (redirect.op in (">&", "<&") and target.isdecimal() and int(target[:4]) > 2):
        return _numbered(runner, redirect, target, streams, written)
    if redirect.op == "<" and target in STANDARD_INPUT:
        return streams
    if redirect.op in ("<", "<<<"):
        return streams._replace(stdin=_input(runner, redirect.op, target))
    stream = _STREAMS.get(target) if redirect.op in (">", ">>", ">|", "&>") else None
    if stream is not None:
        buffer = streams.out if stream == 1 else streams.err
    elif redirect.op == ">&" and target in ("1", "2", "-"):
        buffer = runner.buffer() if target == "-" else streams.out if target == "1" else streams.err
        buffer.refused = "Bad file descriptor" if target == "-" else buffer.refused
    elif redirect.op in ("<&", "<>"):
        return streams
    else:
        kept = "noclobber" in runner.shell.options and redirect.op in (">", "&>")
        buffer = _open(runner, target, append=redirect.op in (">>", "&>>"), written=written, kept=kept)
    if redirect.op.startswith("&") or (redirect.op == ">&" and target not in ("1", "2", "-")):
        return streams._replace(out=buffer, err=buffer)
    return streams._replace(err=buffer) if redirect.fd == 2 else streams._replace(out=buffer)


def _chosen(runner: Runner, redirect: Redirect, target: str) -> Redirect:
    """Return a redirection, one of `{name}` with a number that is free, or with that which the variable has."""
    if not redirect.variable:
        return redirect
    shell = runner.shell
    if target == "-":
        number = shell.variables.get(redirect.variable, "")
        return redirect._replace(fd=int(number) if number.isdecimal() and len(number) < 4 else 999)
    free = next(number for number in range(10, 12 + MAX_DESCRIPTORS) if number not in runner.descriptors)
    set_named(shell, redirect.variable, str(free))
    return redirect._replace(fd=free)


class AmbiguousRedirectError(FileSystemError):
    """A word after a redirection does not become one name (bash(1), Redirection)."""


def _target(runner: Runner, redirect: Redirect) -> Generator[Effect, Any, str]:
    """Return the name after a redirection; raises AmbiguousRedirectError. Only bash splits it, and looks for files."""
    assert not isinstance(redirect.target, HereDocument)
    if runner.shell.kind != "bash" or redirect.op == "<<<":
        return (yield from words.text(runner, redirect.target))
    found = yield from splitting.fields(runner, (redirect.target,))
    if len(found) != 1:
        raise AmbiguousRedirectError("ambiguous redirect")
    return found[0]


def _datagrams(runner: Runner, redirect: Redirect, streams: Streams) -> Streams:
    """Return the streams where one goes to /dev/udp: what is written there is sent, and nobody answers."""
    nowhere = runner.buffer()
    if redirect.fd > 2:
        if len(runner.descriptors) < MAX_DESCRIPTORS or redirect.fd in runner.descriptors:
            runner.descriptors[redirect.fd] = nowhere
        return streams
    if redirect.op == "<":
        return streams._replace(stdin=InputBuffer(b""))
    both = redirect.op.startswith("&") or redirect.op == ">&"
    err = nowhere if both or redirect.fd == 2 else streams.err
    return streams._replace(out=streams.out if redirect.fd == 2 else nowhere, err=err)


def _input(runner: Runner, op: str, target: str) -> InputBuffer:
    """Return what `<` or `<<<` reads; raises FileSystemError."""
    if op == "<<<":
        return InputBuffer(encode(target + "\n"))
    content = runner.shell.content(target)
    return InputBuffer(content, runner.shell.files.reading(content))


def _numbered(
    runner: Runner, redirect: Redirect, target: str, streams: Streams, written: list[tuple[str, OutputBuffer]]
) -> Streams:
    """Open, duplicate or close a descriptor beyond the standard streams; raises FileSystemError."""
    found: InputBuffer | OutputBuffer | None
    if redirect.op in ("<", "<<<"):
        found = _input(runner, redirect.op, target)
    elif redirect.op not in (">&", "<&"):
        found = _open(runner, target, append=redirect.op == ">>", written=written)
    elif target == "-":
        runner.descriptors.pop(redirect.fd, None)
        return streams
    else:
        standard = {"0": streams.stdin, "1": streams.out, "2": streams.err}
        number = int(target[:4]) if target.isdecimal() else -1
        found = standard[target] if target in standard else runner.descriptors.get(number)
        if isinstance(found, OutputBuffer) and redirect.fd > 2:
            found = found.duplicate()
    if found is None:
        raise FileSystemError("Bad file descriptor")
    if redirect.fd <= 2:
        if isinstance(found, InputBuffer):
            return streams._replace(stdin=found)
        return streams._replace(err=found) if redirect.fd == 2 else streams._replace(out=found)
    if len(runner.descriptors) < MAX_DESCRIPTORS or redirect.fd in runner.descriptors:
        runner.descriptors[redirect.fd] = found
    return streams


def _socket(runner: Runner, target: str, streams: Streams) -> Generator[Effect, Any, bool]:
    """Record bash's /dev/tcp/HOST/PORT as the wish to connect, and refuse; raises FileSystemError.

    A datagram is sent without an answer, so that /dev/udp of an address is opened: returns whether it was.
    """
    _, _, protocol, host, port, *_ = [*target.split("/"), "", ""]
    yield Requested("connect", {"program": f"bash {protocol}", "target": f"{host} {port}"[:2048]})
    prefix = runner.shell.error_prefix
    if protocol == "udp" and (host.replace(".", "").isdecimal() or host == "localhost"):
        return True
    if host.replace(".", "").isdecimal() or host == "localhost":
        yield Pause(0.2 if host.startswith("127.") or host == "localhost" else 1.5)
        streams.err.write(encode(f"{prefix.partition(':')[0]}: connect: Connection refused\n"))
        raise FileSystemError("Connection refused")
    yield Pause(1.0)
    streams.err.write(encode(f"{prefix}: {host}: Temporary failure in name resolution\n"))
    raise FileSystemError("Invalid argument")


def _open(
    runner: Runner, target: str, *, append: bool, written: list[tuple[str, OutputBuffer]], kept: bool = False
) -> OutputBuffer:
    """Create or truncate the file now, as a shell does, so that a refusal comes before the command runs.

    `kept`: one that there is already is not to be written over, as `set -o noclobber` has it; raises FileSystemError.
    """
    files = runner.shell.files
    if target == "/dev/tty" and runner.shell.terminal is None:
        raise FileSystemError("No such device or address")
    if kept and files.exists(target, runner.shell.access) and files.stat(target, runner.shell.access).kind == "file":
        raise FileSystemError("File exists" if runner.shell.dash else "cannot overwrite existing file")
    path = files.write(target, b"", runner.shell.access, append=append)
    buffer = runner.buffer()
    entry = files.stat(path)
    if entry.kind != "device":
        written.append((path, buffer))
    elif entry.target == FULL:
        buffer.refused = NO_SPACE
    return buffer
