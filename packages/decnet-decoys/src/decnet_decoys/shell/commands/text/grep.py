# SPDX-License-Identifier: MIT
"""The command grep (POSIX.1-2017, grep; GNU grep): lines that a regular expression fits."""

from collections import deque
from typing import NamedTuple

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Match, Pattern, compiled
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputFile

MAX_SEARCHED = 500
"""Files that `grep -r` searches."""
MAX_PATTERNS = 64
MAX_CONTEXT = 1000
"""Lines shown around one."""
MAX_FOUND = 2000
"""Parts of one line that `grep -o` shows."""
_USAGE = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information."
_LONG = {
    "ignore-case": "i", "invert-match": "v", "count": "c", "line-number": "n", "files-with-matches": "l",
    "files-without-match": "L", "quiet": "q", "silent": "q", "no-messages": "s", "only-matching": "o",
    "word-regexp": "w", "line-regexp": "x", "recursive": "r", "dereference-recursive": "R", "extended-regexp": "E",
    "fixed-strings": "F", "perl-regexp": "P", "basic-regexp": "G", "regexp": "e:", "file": "f:", "max-count": "m:",
    "after-context": "A:", "before-context": "B:", "context": "C:", "no-filename": "h", "with-filename": "H",
    "color": "color?", "colour": "color?", "include": "include:", "exclude": "exclude:", "exclude-dir": "skip:",
    "binary": "U", "null-data": "z", "initial-tab": "T",
    "text": "a", "byte-offset": "b", "null": "Z", "line-buffered": "u", "help": "help", "version": "V",
}  # fmt: skip


class _Wanted(NamedTuple):
    patterns: list[Pattern]
    options: Options
    named: bool
    before: int
    after: int
    most: int


@command("grep", "egrep", "fgrep", "zgrep", "rgrep")
def grep(call: Call) -> Effects:
    """Select lines that one of the patterns fits."""
    found = options(call, "ivcnlLqsowxrREFPGe:f:m:A:B:C:hHabZzuUTIVy0123456789", _LONG, status=2)
    if "help" in found:
        call.print("Usage: grep [OPTION]... PATTERNS [FILE]...\nSearch for PATTERNS in each FILE.")
        return 0
    operands = list(found.operands)
    sources = found.values.get("e", [])[:MAX_PATTERNS] or ([] if "f" in found else operands[:1])
    if not sources and "f" not in found:
        call.print_error(_USAGE)
        return 2
    operands = operands if found.any("ef") else operands[1:]
    try:
        patterns = yield from _compiled(call, sources, found)
    except BadPatternError as error:
        return call.fail(str(error), 2)
    recursive = found.any("rR") or call.name == "rgrep"
    if recursive:
        paths = yield from _below(call, operands or ["."], found)
    else:
        paths = [(path, path) for path in operands]
    named = "h" not in found and (
        "H" in found or len(operands) > 1 or (recursive and paths != [(p, p) for p in operands])
    )
    around = found.last("C", "".join(letter for letter in found.values if letter.isdecimal()))
    wanted = _Wanted(
        patterns,
        found,
        named,
        before=_count(found.last("B", around) or "0"),
        after=_count(found.last("A", around) or "0"),
        most=_count(found.last("m")) if "m" in found else 1 << 60,
    )
    return (yield from _searched(call, paths or ([] if recursive else [("-", "(standard input)")]), wanted))


def _searched(call: Call, paths: list[tuple[str, str]], wanted: _Wanted) -> Effects:
    quiet, total, failed = "q" in wanted.options, 0, False
    for path, shown in paths:
        yield from turn()
        source = (yield from call.input()) if path == "-" else _opened(call, path, wanted.options)
        if source is None:
            failed = True
            continue
        total += yield from _in_source(call, source, shown, wanted)
        if quiet and total:
            return 0
    return 2 if failed else int(total == 0)


def _opened(call: Call, path: str, found: Options) -> InputFile | None:
    try:
        return InputFile(path, call.content(path))
    except FileSystemError as error:
        if "s" not in found:
            call.fail(f"{path}: {error}")
        return None


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"{text}: invalid context length argument", 2)
    return int(text) if len(text) > 4 else min(int(text), MAX_CONTEXT)


def _compiled(call: Call, sources: list[str], found: Options) -> Steps[list[Pattern]]:
    lines = [line for source in sources for line in encode(source).split(b"\n")]
    for path in found.values.get("f", [])[:4]:
        listed = call.open(path)
        lines += listed.whole(1 << 14).splitlines() if listed is not None else []
    extended, perl = "E" in found or call.name == "egrep", "P" in found
    fixed = "F" in found or call.name == "fgrep"
    patterns = []
    for line in lines[:MAX_PATTERNS]:
        yield from turn()
        text = _escaped(line) if fixed else line
        if "x" in found:
            text = b"^(" + text + b")$" if extended or fixed or perl else rb"^\(" + text + rb"\)$"
        elif "w" in found:
            text = rb"\b(" + text + rb")\b" if extended or fixed or perl else rb"\b\(" + text + rb"\)\b"
        patterns.append(compiled(text, extended=extended or fixed, ignore_case=found.any("iy"), perl=perl))
    return patterns


def _escaped(text: bytes) -> bytes:
    return b"".join(b"\\" + bytes((byte,)) if byte in b".[]*^$()+?{}|\\" else bytes((byte,)) for byte in text[:2048])


def _below(call: Call, roots: list[str], found: Options) -> Steps[list[tuple[str, str]]]:
    """Return the files below paths, each as it is opened and as it is shown."""
    listed: list[tuple[str, str]] = []
    files = call.shell.files
    for root in roots:
        yield from turn()
        try:
            resolved = files.locate(root, call.shell.access)
            files.stat(resolved)
        except FileSystemError:
            listed.append((root, root))
            continue
        for path, entry in files.walk(resolved):
            yield from turn()
            if entry.kind == "file" and entry.size < 1 << 20 and (yield from _included(path, found)):
                below = path[len(resolved.rstrip("/")) :]
                listed.append((path, (root.rstrip("/") + below if root != "." else below[1:]) if below else root))
            if len(listed) >= MAX_SEARCHED:
                return listed
    return listed


def _included(path: str, found: Options) -> Steps[bool]:
    name = path.rpartition("/")[2]
    wanted, refused = found.values.get("include", []), found.values.get("exclude", [])
    return (not wanted or (yield from _matched(name, wanted[:16]))) and not (yield from _matched(name, refused[:16]))


def _matched(name: str, globs: list[str]) -> Steps[bool]:
    for one in globs:
        yield from turn()
        if matches(name, one):
            return True
    return False


def _in_source(call: Call, source: InputFile, shown: str, wanted: _Wanted) -> Steps[int]:
    found = wanted.options
    summarized, inverted = found.any("clLq"), "v" in found
    end_mark = b"\0" if "z" in found else b"\n"
    binary = not found.any("az") and b"\0" in source.piece(0, 8192)
    count, printer, at = 0, _Printer(call, shown, wanted), 0
    for number, line in enumerate(source.lines(end_mark=end_mark), 1):
        printer.at, at = at, at + len(line) + 1
        yield from turn()
        if (yield from _fits(line, wanted.patterns)) == inverted:
            if not summarized:
                printer.other(number, line)
            continue
        count += 1
        if found.any("lLq") or (binary and not summarized):
            break
        if not summarized:
            yield from printer.selected(number, line)
        if count >= wanted.most:
            break
    if binary and count and not summarized:
        call.print(
            f"grep: {shown}: binary file matches"
            if shown != "(standard input)"
            else "grep: (standard input): binary file matches"
        )
    _summarize(call, count, shown, wanted)
    return count


def _fits(line: bytes, patterns: list[Pattern]) -> Steps[bool]:
    """Return whether one of the patterns fits, with a turn after each: one may take ten milliseconds."""
    for pattern in patterns:
        if pattern.fits(line):
            return True
        yield from turn()
    return False


def _summarize(call: Call, count: int, shown: str, wanted: _Wanted) -> None:
    found = wanted.options
    if "q" in found:
        return
    if ("l" in found and count) or ("L" in found and not count):
        call.print(shown)
    elif "c" in found and not found.any("lL"):
        call.print(f"{shown}:{count}" if wanted.named else str(count))


class _Printer:
    """Writes what was selected, with the lines around it."""

    def __init__(self, call: Call, shown: str, wanted: _Wanted) -> None:
        self._call, self._shown, self._wanted = call, shown, wanted
        self.at = 0
        """Where in the file the line begins that is looked at."""
        self._before: deque[tuple[int, int, bytes]] = deque(maxlen=wanted.before or None)
        self._after = 0
        self._last = 0

    def other(self, number: int, line: bytes) -> None:
        if self._after > 0:
            self._after -= 1
            self._write(number, self.at, line, "-")
        elif self._wanted.before:
            self._before.append((number, self.at, line))

    def selected(self, number: int, line: bytes) -> Steps[None]:
        first = self._before[0][0] if self._before else number
        if (self._wanted.before or self._wanted.after) and self._last and first > self._last + 1:
            self._call.print("--")
        for earlier, at, text in self._before:
            self._write(earlier, at, text, "-")
        self._before.clear()
        self._after = self._wanted.after
        if "o" in self._wanted.options:
            yield from self._parts(number, line)
        else:
            self._write(number, self.at, line, ":")

    def _parts(self, number: int, line: bytes) -> Steps[None]:
        at = 0
        for _ in range(MAX_FOUND):
            hits: list[Match] = []
            for pattern in self._wanted.patterns:
                yield from turn()
                hit = pattern.search(line, at)
                hits += [hit] if hit is not None else []
            if not hits:
                return
            first = min(hits, key=lambda hit: (hit.start, -hit.end))
            if first.end > first.start:
                self._write(number, self.at + first.start, line[first.start : first.end], ":")
            at = max(first.end, at + 1)
            if at > len(line):
                return

    def _write(self, number: int, at: int, line: bytes, mark: str) -> None:
        self._last = number
        name = f"{self._shown}{mark}" if self._wanted.named else ""
        where = f"{number}{mark}" if "n" in self._wanted.options else ""
        where += f"{at}{mark}" if "b" in self._wanted.options else ""
        where += "\t" if "T" in self._wanted.options and name + where else ""
        end = b"\0" if "z" in self._wanted.options else b"\n"
        self._call.out.write(encode(name + where) + line + end)
