# SPDX-License-Identifier: MIT
"""Commands that order lines and drop repeated ones: sort, uniq."""

import heapq
from collections.abc import Callable
from typing import Any

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_LINE, MAX_OUTPUT, InputFile

MAX_SORTED = MAX_OUTPUT + MAX_LINE
"""Bytes that `sort` takes, line feeds included: what a pipe carries. For more it has no room, as sort(1) puts it."""
RUN = 1000
"""Lines sorted at once."""


class _TooMuchError(DecoysError):
    """There is more to sort than MAX_SORTED."""


@command("sort")
def sort(call: Call) -> Effects:
    """Sort lines; -r, -n and -u are understood. Short runs are sorted and merged, so that no step takes long."""
    options, operands = call.flags("kto")
    key, reverse = (_numeric if "n" in options else _itself), "r" in options
    try:
        runs = yield from _runs((yield from call.sources(operands)), key, reverse=reverse)
    except _TooMuchError:
        return call.fail(f"write failed: /tmp/sort{call.shell.pid % 4096:03x}kQx: No space left on device", 2)
    last: bytes | None = None
    for line in heapq.merge(*runs, key=key, reverse=reverse):
        if line != last or "u" not in options:
            call.out.write(line + b"\n")
        last = line
        yield from turn()
    return 0


def _runs(sources: list[InputFile], key: Callable[[bytes], Any], *, reverse: bool) -> Steps[list[list[bytes]]]:
    runs: list[list[bytes]] = [[]]
    taken = 0
    for source in sources:
        for line in source.lines():
            taken += len(line) + 1
            if taken > MAX_SORTED:
                raise _TooMuchError
            runs[-1].append(line)
            if len(runs[-1]) == RUN:
                runs[-1].sort(key=key, reverse=reverse)
                runs.append([])
            yield from turn()
    runs[-1].sort(key=key, reverse=reverse)
    return runs


def _itself(line: bytes) -> bytes:
    return line


def _numeric(line: bytes) -> tuple[float, bytes]:
    digits = line[:64].strip().partition(b" ")[0][:15]
    return (float(digits) if digits.isdigit() else 0.0), line


@command("uniq")
def uniq(call: Call) -> Effects:
    """Drop repeated neighbours; -c counts them."""
    options, operands = call.flags("kto")
    last: bytes | None = None
    times = 0
    for source in (yield from call.sources(operands)):
        for line in source.lines():
            if line != last and last is not None:
                _show(call, last, times, options)
            last, times = line, times + 1 if line == last else 1
            yield from turn()
    if last is not None:
        _show(call, last, times, options)
    return 0


def _show(call: Call, line: bytes, times: int, options: dict[str, str]) -> None:
    call.out.write((b"%7d " % times if "c" in options else b"") + line + b"\n")
