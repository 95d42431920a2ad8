# SPDX-License-Identifier: MIT
"""Redirections (POSIX.1-2017, Shell Command Language §2.7): where a command reads and writes instead."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.call import Feed, Sink, Streams, encode
from decnet_decoys.shell.effects import Step
from decnet_decoys.shell.expansion import words
from decnet_decoys.shell.machine.fs_errors import FileFault
from decnet_decoys.shell.syntax.nodes import HereDocument, Redirect

if TYPE_CHECKING:
    from decnet_decoys.shell.interpreter import Shell


def redirected(
    shell: Shell, redirects: tuple[Redirect, ...], streams: Streams
) -> Generator[Step, Any, int | tuple[Streams, Callable[[], Generator[Step, Any, None]]]]:
    """Return the streams after redirection and what to do at the end, or a status when one was refused."""
    written: list[tuple[str, Sink]] = []
    for redirect in redirects:
        try:
            streams = yield from _redirect(shell, redirect, streams, written)
        except FileFault as fault:
            shown = "" if isinstance(redirect.target, HereDocument) else (yield from words.text(shell, redirect.target))
            streams.err.write(encode(f"{shell.complaint}: {shown}: {fault}\n"))
            yield from shell.flush()
            return 1

    def finish() -> Generator[Step, Any, None]:
        for path, sink in written:
            yield from shell.save(path, sink.take(), append=True, err=streams.err)

    return streams, finish


def _redirect(
    shell: Shell, redirect: Redirect, streams: Streams, written: list[tuple[str, Sink]]
) -> Generator[Step, Any, Streams]:
    if isinstance(redirect.target, HereDocument):
        body = redirect.target.body
        text = body if redirect.target.quoted else (yield from words.document(shell, body))
        return streams._replace(stdin=Feed(encode(text)))
    target = yield from words.text(shell, redirect.target)
    if redirect.op == "<<<":
        return streams._replace(stdin=Feed(encode(target + "\n")))
    if redirect.op == "<":
        return streams._replace(stdin=Feed(shell.files.read(target, shell.identity, shell.cwd)))
    if redirect.op == ">&" and target in ("1", "2", "-"):
        sink = shell.sink() if target == "-" else streams.out if target == "1" else streams.err
    elif redirect.op in ("<&", "<>"):
        return streams
    else:
        sink = _open(shell, target, append=redirect.op in (">>", "&>>"), written=written)
    if redirect.op.startswith("&") or (redirect.op == ">&" and target not in ("1", "2", "-")):
        return streams._replace(out=sink, err=sink)
    return streams._replace(err=sink) if redirect.fd == 2 else streams._replace(out=sink)


def _open(shell: Shell, target: str, *, append: bool, written: list[tuple[str, Sink]]) -> Sink:
    """Create or truncate the file now, as a shell does, so that a refusal comes before the command runs."""
    path = shell.files.write(target, b"", shell.identity, shell.cwd, now=shell.now, append=append)
    sink = shell.sink()
    if shell.files.stat(path).kind != "device":
        written.append((path, sink))
    return sink
