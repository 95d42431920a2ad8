# SPDX-License-Identifier: MIT
"""Runs a sed script's commands on lines, a turn before each command."""

from __future__ import annotations

from collections.abc import Iterator

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.control_flow import SedQuit, SedRestart
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.sed.script import Address, Command, Script, SedError
from decnet_decoys.shell.streams import MAX_LINE, MAX_OUTPUT, InputFile, OutputBuffer, OutputFullError

MAX_SPACE = 1 << 18
"""Bytes of the pattern space and of the hold space."""
MAX_REPLACED = 10_000


class Sed:
    def __init__(self, call: Call, script: Script, *, quiet: bool, end_mark: bytes = b"\n") -> None:
        """`end_mark`: the byte that ends a line, a NUL with -z."""
        self._call = call
        self._script = script
        self._quiet = quiet
        self._end_mark = end_mark
        self._hold = b""
        self._written: dict[str, OutputBuffer] = {}

    def run(self, sources: list[InputFile], out: OutputBuffer) -> Steps[int]:
        """Edit the lines of the sources, one after the other; returns the exit status."""
        self._out, end_mark = out, self._end_mark
        self._lines = (line for source in sources for line in source.lines(ends=True, end_mark=end_mark))
        self._next = next(self._lines, None)
        self._number, self._space, self._end = 0, b"", end_mark
        self._active: dict[int, int] = {}
        self._after: list[bytes] = []
        self._after_size = 0
        read = True
        status = 0
        try:
            while not read or self._advance():
                yield from turn()
                read = yield from self._cycle()
        except SedQuit as leaving:
            status = leaving.status
            if leaving.shown and not self._quiet:
                self._print(self._space)
            self._flush()
        except Exception:
            yield from self._finish()
            raise
        yield from self._finish()
        return status

    def _advance(self) -> bool:
        """Take the next line into the pattern space."""
        if self._next is None:
            return False
        line, self._next = self._next, next(self._lines, None)
        self._number += 1
        self._end = self._end_mark if line.endswith(self._end_mark) else b""
        self._space = line.removesuffix(self._end_mark)
        return True

    def _cycle(self) -> Steps[bool]:
        """Run the script once; returns whether the next cycle reads a line."""
        shown, read = True, True
        try:
            yield from self._commands()
        except SedRestart as restart:
            shown, read = restart.shown, restart.read
        if shown and not self._quiet:
            self._print(self._space)
        self._flush()
        return read

    def _print(self, text: bytes) -> None:
        self._out.write(text + (self._end or (self._end_mark if self._next is not None else b"")))

    def _flush(self) -> None:
        for text in self._after:
            self._out.write(text)
        self._after.clear()
        self._after_size = 0

    def _finish(self) -> Steps[None]:
        for path, buffer in self._written.items():
            yield from self._call.runner.save(path, buffer.take(), append=True, err=self._call.err)

    def _commands(self) -> Steps[None]:
        commands, at = self._script.commands, 0
        self._changed = False
        while at < len(commands):
            yield from turn()
            command = commands[at]
            at += 1
            if not self._applies(at, command):
                at = command.target if command.name == "{" else at
                continue
            jump = yield from self._run(command)
            at = at if jump is None else jump

    def _applies(self, place: int, command: Command) -> bool:
        if command.first is None:
            return True
        if command.last is None:
            return self._fits(command.first) != command.negated
        return self._in_range(place, command.first, command.last) != command.negated

    def _in_range(self, place: int, first: Address, last: Address) -> bool:
        if place in self._active:
            end = self._active[place]
            if self._number >= end if end else self._fits(last):
                del self._active[place]
                return not end or self._number <= end
            return True
        if not self._fits(first):
            return False
        if (last.kind == "line" and last.line <= self._number) or (last.kind == "more" and not last.line):
            return True
        self._active[place] = (
            last.line if last.kind == "line" else self._number + last.line if last.kind == "more" else 0
        )
        return True

    def _fits(self, address: Address) -> bool:
        if address.kind == "line":
            return self._number == address.line
        if address.kind == "last":
            return self._next is None
        if address.kind == "step":
            past = self._number - address.line
            return past >= 0 and (past % address.step == 0 if address.step else past == 0)
        return address.pattern is not None and address.pattern.fits(self._space)

    def _run(self, command: Command) -> Steps[int | None]:
        if command.name in "btT":
            return self._branch(command)
        if command.name == "s":
            yield from self._substitute(command)
        elif command.name != "{":
            getattr(self, f"_c_{_NAMES[command.name]}")(command)
        return None

    def _branch(self, command: Command) -> int | None:
        if command.name != "b" and self._changed != (command.name == "t"):
            return None
        self._changed = False
        if not command.text:
            return len(self._script.commands)
        if command.text not in self._script.labels:
            raise SedError(f"-e expression #1, char 0: can't find label for jump to `{command.text}'")
        return self._script.labels[command.text]

    def _c_print(self, _command: Command) -> None:
        self._print(self._space)

    def _c_print_first(self, _command: Command) -> None:
        self._out.write(self._space.partition(b"\n")[0] + b"\n")

    def _c_delete(self, _command: Command) -> None:
        raise SedRestart(shown=False)

    def _c_delete_first(self, _command: Command) -> None:
        _, newline, rest = self._space.partition(b"\n")
        if not newline:
            raise SedRestart(shown=False)
        self._space = rest
        raise SedRestart(shown=False, read=False)

    def _c_quit(self, command: Command) -> None:
        raise SedQuit(int(command.text or "0") & 255, shown=True)

    def _c_quit_silently(self, command: Command) -> None:
        raise SedQuit(int(command.text or "0") & 255, shown=False)

    def _c_next(self, _command: Command) -> None:
        if self._next is None:
            raise SedQuit(0, shown=True)
        if not self._quiet:
            self._print(self._space)
        self._flush()
        self._advance()

    def _c_join(self, _command: Command) -> None:
        if self._next is None:
            raise SedQuit(0, shown=True)
        kept = self._space
        self._advance()
        self._space = (kept + b"\n" + self._space)[:MAX_SPACE]

    def _c_hold(self, _command: Command) -> None:
        self._hold = self._space

    def _c_hold_more(self, _command: Command) -> None:
        self._hold = (self._hold + b"\n" + self._space)[:MAX_SPACE]

    def _c_get(self, _command: Command) -> None:
        self._space = self._hold

    def _c_get_more(self, _command: Command) -> None:
        self._space = (self._space + b"\n" + self._hold)[:MAX_SPACE]

    def _c_exchange(self, _command: Command) -> None:
        self._space, self._hold = self._hold, self._space

    def _c_empty(self, _command: Command) -> None:
        self._space = b""

    def _c_number(self, _command: Command) -> None:
        self._out.write(b"%d\n" % self._number)

    def _c_list(self, _command: Command) -> None:
        self._out.write(b"".join(map(_LISTED.__getitem__, self._space[:MAX_LINE])) + b"$\n")

    def _c_append(self, command: Command) -> None:
        self._show_after(encode(command.text))

    def _show_after(self, text: bytes) -> None:
        """Keep what is shown when the cycle ends; what the output would not take is not kept."""
        self._after_size += len(text)
        if self._after_size > MAX_OUTPUT:
            raise OutputFullError
        self._after.append(text)

    def _c_insert(self, command: Command) -> None:
        self._out.write(encode(command.text))

    def _c_change(self, command: Command) -> None:
        if command.last is None or self._next is None or not self._active:
            self._out.write(encode(command.text))
        raise SedRestart(shown=False)

    def _c_translate(self, command: Command) -> None:
        table = str.maketrans(command.text, command.flags)
        self._space = encode(decode(self._space).translate(table))

    def _c_read(self, command: Command) -> None:
        source = self._call.shell.files
        try:
            content = source.read(command.text, self._call.shell.access)
        except FileSystemError:
            return
        self._show_after(InputFile(command.text, content).whole(MAX_LINE))

    def _c_write(self, command: Command) -> None:
        if command.text not in self._written and len(self._written) < 8:
            try:
                self._call.shell.files.write(command.text, b"", self._call.shell.access)
            except FileSystemError as error:
                raise SedError(f"couldn't open file {command.text}: {error}", 4) from error
            self._written[command.text] = self._call.runner.buffer()
        if command.text in self._written:
            self._written[command.text].write(self._space + b"\n")

    def _substitute(self, command: Command) -> Steps[None]:
        digits = "".join(one for one in command.flags if one.isdecimal())
        nth = int(digits[:6]) if digits else 1
        parts: list[bytes] = []
        at = count = size = 0
        changed = False
        while at <= len(self._space) and count < MAX_REPLACED and size < MAX_SPACE:
            yield from turn()
            match = command.pattern.search(self._space, at, groups=b"\\" in command.new) if command.pattern else None
            if match is None:
                break
            count += 1
            taken = count >= nth
            changed = changed or taken
            piece = self._space[at : match.start]
            piece += _filled(command.new, self._space, match.spans) if taken else self._space[match.start : match.end]
            at = match.end
            if match.start == match.end:
                piece += self._space[at : at + 1]
                at += 1
            parts.append(piece)
            size += len(piece)
            if taken and "g" not in command.flags:
                break
        if not changed:
            return
        self._space = (b"".join(parts) + self._space[at:])[:MAX_SPACE]
        self._changed = True
        if "p" in command.flags:
            self._print(self._space)
        if command.text:
            self._c_write(command)


_NAMES = {
    "p": "print", "P": "print_first", "d": "delete", "D": "delete_first", "q": "quit", "Q": "quit_silently",
    "n": "next", "N": "join", "h": "hold", "H": "hold_more", "g": "get", "G": "get_more", "x": "exchange",
    "z": "empty", "=": "number", "l": "list", "a": "append", "i": "insert", "c": "change", "y": "translate",
    "r": "read", "R": "read", "w": "write", "W": "write",
}  # fmt: skip
_LISTED = [b"%c" % byte if 32 <= byte < 127 else b"\\%03o" % byte for byte in range(256)]
for _byte, _shown in zip(b"\\\a\b\f\n\r\t\v", (rb"\\", *(b"\\" + bytes([one]) for one in b"abfnrtv")), strict=True):
    _LISTED[_byte] = _shown
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}


def _filled(new: bytes, text: bytes, spans: tuple[tuple[int, int], ...]) -> bytes:
    r"""Return the replacement with & and the groups filled in; of case conversions \U, \L and \E are known."""
    found: list[bytes] = []
    case, size = "", 0
    for piece in _pieces(new):
        if piece in (rb"\U", rb"\L", rb"\E"):
            case = chr(piece[1])
            continue
        text_of = _piece(piece, text, spans)
        size += len(text_of)
        if size > MAX_SPACE:
            break
        found.append(text_of.upper() if case == "U" else text_of.lower() if case == "L" else text_of)
    return b"".join(found)


def _pieces(new: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(new):
        size = 2 if new[at : at + 1] == b"\\" else 1
        yield new[at : at + size]
        at += size


def _piece(piece: bytes, text: bytes, spans: tuple[tuple[int, int], ...]) -> bytes:
    if piece == b"&":
        return text[spans[0][0] : spans[0][1]]
    if len(piece) == 2 and piece[1:].isdigit():
        number = int(piece[1:])
        if number < len(spans) and spans[number][0] >= 0:
            return text[spans[number][0] : spans[number][1]]
        return b""
    return _ESCAPES.get(piece[1:], piece[1:]) if len(piece) == 2 else piece
