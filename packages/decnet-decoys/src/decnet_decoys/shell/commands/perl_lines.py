# SPDX-License-Identifier: MIT
"""What a line of Perl does, as far as it is usual in one-liners: print, die, system, exec, a variable, a loop; -n, -p.

A statement that is not understood is passed over. A loop's statements are done as they stand; one within it is not.
"""

import re
from typing import NamedTuple

from decnet_decoys.shell.awk.formats import formatted
from decnet_decoys.shell.budget import BudgetExceededError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.perl_values import MAX_ITEMS, MAX_TEXT, Names, called, listed, number, total, within
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Pattern, compiled
from decnet_decoys.shell.syntax.escapes import unescape

MAX_REPLACED = 2000
"""Matches of a line that are replaced, twice."""
MAX_STATEMENTS = 32
"""Of a program, and of a loop."""
MAX_STEPS = 20_000
"""Statements that are done, those of loops each time; a program that does more appears to hang."""
_BLANK = r"\s{0,64}+"
_NEXT, _LAST = -1, -2
"""What stands for a status where `next` or `last` left the statements of a loop, or of a line."""
_LEFT = {"next": _NEXT, "last": _LAST}
_ITEM = re.compile(
    rf"{_BLANK}(?:\"((?:[^\"\\]|\\.){{0,2000}}+)\"|'([^']{{0,2000}}+)'|(-?\d{{1,15}}\.\d{{1,15}})"
    rf"|([-$\d(][\w\s$+*/%(){{}}\[\]'\"^-]{{0,64}}?)){_BLANK}(?:,|(?<!\d)\.|\.(?!\d)|$)",
    re.DOTALL,
)
_REPEATED = re.compile(
    rf"{_BLANK}\(?{_BLANK}[\"']((?:[^\"'\\]|\\[nt0]){{1,64}})[\"']{_BLANK}x{_BLANK}(\d{{1,4}}|\$\w{{1,64}}){_BLANK}\)?"
    rf"{_BLANK}(?:[,.]|$)"
)
_JOINED = re.compile(
    rf"{_BLANK}join{_BLANK}\({_BLANK}[\"']([^\"'$@]{{0,16}})[\"']{_BLANK},([^)]{{1,200}}\)?)\){_BLANK}(?:[,.]|$)"
    rf"|{_BLANK}@(ARGV|F){_BLANK}(?:[,.]|$)"
)
_DIED = re.compile(rf"""die\b{_BLANK}\(?{_BLANK}(["'])(.{{0,1000}}?)\1{_BLANK}\)?""", re.DOTALL)
_EXITED = re.compile(rf"exit\b{_BLANK}\(?{_BLANK}([$\w]{{0,16}}){_BLANK}\)?")
_PRINTED = re.compile(r"(print|say|printf)\b\s*+(STDERR\b|STDOUT\b)?(.*)", re.DOTALL)
_RUN = re.compile(rf"""(system|exec)\b{_BLANK}\(?{_BLANK}((?:["'][^"']{{0,1000}}["']{_BLANK},?{_BLANK}){{1,16}}+)\)?""")
_WORD = re.compile(r"""["']([^"']{0,1000})["']""")
_OUTPUT = re.compile(r"`([^`]{1,1000}+)`|qx[/({!|]([^`/(){}!|]{1,1000}+)[/)}!|]")
_ASSIGNED = re.compile(
    rf"(?:(?:my|our|local)\b{_BLANK})?\$(\w{{1,64}}){_BLANK}([.+*%-]?)=(?![=~])(.{{1,2000}})", re.DOTALL
)
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,8}")
"""What `%c` takes for the number of a character; as short as it is, `%s` shows it as it stands."""
_STEPPED = re.compile(r"\$\w{1,64}(?:\+\+|--)|(?:\+\+|--)\$\w{1,64}")
_CHOMPED = re.compile(rf"chomp\b{_BLANK}\(?{_BLANK}(?:\$(\w{{1,64}}))?{_BLANK}\)?")
_COMPARED = re.compile(r"(.{1,400}?)\s{1,16}+(eq|ne)\s{1,16}+(.{1,400})", re.DOTALL)
_ORDERED = re.compile(r"([^<>=!]{1,200}+)([<>=!]=|[<>])([^<>=!]{1,200}+)")
_LOOP = re.compile(
    rf"(for|foreach|while|until|if|unless)\b{_BLANK}(?:(?:my\b{_BLANK})?\$(\w{{1,64}}){_BLANK})?\((.{{0,400}})\)",
    re.DOTALL,
)
_COUNTED = re.compile(r"([^;]{0,200}+);([^;]{0,200}+);([^;]{0,200}+)")
_BEHIND = frozenset(("if", "unless", "for", "foreach", "while", "until"))
_PIECE = re.compile(
    r"""
    \\. | "(?:[^"\\]|\\.){0,4096}+" | '[^']{0,4096}+' | `[^`]{0,4096}+` | (?:(?<=[\s;])|^)\#[^\n]*+
    | \$ENV\{\w*+\} | \$\{\w++\} | [$@%]\w++ | [{};()] | \w++ | .
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT = r"((?:\\.|(?!\1)[^\\]){0,200}+)"
_SUBSTITUTED = re.compile(rf"\s*+s([/|#,]){_TEXT}\1{_TEXT}\1([gi]{{0,2}})\s*+;?\s*+")
_MATCHED = re.compile(r"\s*+print\s++(if|unless)\s++/((?:\\.|[^/\\]){0,200}+)/(i?)\s*+;?\s*+")

_TOLD = re.compile(
    r"""\s*+print\s*+\(?\s*+"((?:\\.|[^"\\@]){0,200}+)"\s*+\)?\s*+if\s*+\(?\s*+/((?:\\.|[^/\\]){0,200}+)/(i?)\s*+\)?\s*+;?\s*+"""
)


class _Statement(NamedTuple):
    """A statement and what is behind it (`if`, `for` and the like), or what is before a block and the block."""

    text: str
    word: str = ""
    rest: str = ""
    block: str | None = None


def _split(source: str) -> Steps[list[_Statement]]:
    """Return the first statements of a program; blocks within blocks stay text."""
    found, text = list[_Statement](), list[str]()
    head, depth, parentheses, behind = "", 0, 0, 0
    for match in _PIECE.finditer(source):
        yield from turn()
        piece = match[0]
        depth += {"{": 1, "}": -1}.get(piece, 0)
        parentheses = max(0, parentheses + {"(": 1, ")": -1}.get(piece, 0))
        if len(found) >= MAX_STATEMENTS:
            break
        if piece == "{" and depth == 1:
            head, text, parentheses, behind = "".join(text).strip(), [], 0, 0
        elif piece == "}" and not depth:
            found.append(_Statement(head, block="".join(text)))
            text, parentheses, behind = [], 0, 0
        elif piece == ";" and not depth and not parentheses:
            found.append(_statement(text, behind))
            text, behind = [], 0
        elif not piece.startswith("#"):
            if not (behind or depth or parentheses) and text and piece in _BEHIND:
                behind = len(text) if "".join(text).strip() else 0
            text.append(piece)
        depth = max(0, depth)
    return [*found, _statement(text, behind)][:MAX_STATEMENTS]


def _statement(text: list[str], behind: int) -> _Statement:
    if not behind:
        return _Statement("".join(text).strip())
    return _Statement("".join(text[:behind]).strip(), text[behind], "".join(text[behind + 1 :]).strip())


class Program:
    """Does the statements of a program; `ending` is what follows each print."""

    def __init__(self, call: Call, title: str, argv: list[str], ending: str) -> None:
        self._call = call
        self._title = title
        self._ending = ending
        self._left = MAX_STEPS
        self.names = Names(title, argv, call.shell.variables, call.shell.pid)

    def run(self, source: str) -> Effects:
        """Do them once; returns the status."""
        ended = yield from self._all((yield from _split(source)), looped=False)
        return max(0, ended or 0)

    def each_line(self, source: str, paths: list[str], *, shown: bool, fields: str | None) -> Effects:
        """Do them for each line of files, and print it if `shown`; `fields` is what separates those of @F."""
        count, statements, names = 0, (yield from _split(source)), self.names
        for found in (yield from self._call.sources(paths)):
            for line in found.lines(ends=True):
                yield from turn()
                count += 1
                whole = decode(line[:MAX_TEXT])
                before = whole.removesuffix("\n") if self._ending else whole
                names.scalars |= {"_": before, ".": str(count)}
                if fields is not None:
                    names.rows["F"] = whole.split(fields or None)[:MAX_ITEMS]
                ended = yield from self._all(statements, looped=False)
                if ended is not None and ended != _NEXT:
                    return max(0, ended)
                if shown and names.scalars["_"] == before:
                    self._call.out.write(line)
                elif shown:
                    self._call.print(names.scalars["_"], end=self._ending)
        return 0

    def _all(self, statements: list[_Statement], *, looped: bool) -> Steps[int | None]:
        """Do statements; returns the status when one of them ended the program, or left the loop."""
        for one in statements:
            yield from self._step() if looped else turn()
            if one.block is None and not one.word:
                ended = yield from self._plain(one.text)
            elif looped and one.block is not None:
                continue
            else:
                ended = yield from self._repeated(one)
            if ended is not None:
                return ended
        return None

    def _step(self) -> Steps[None]:
        self._left -= 1
        if self._left < 0:
            raise BudgetExceededError
        yield from turn()

    def _repeated(self, one: _Statement) -> Steps[int | None]:
        """Do a statement, or a block, as often as what is before or behind it says."""
        head = _LOOP.fullmatch(one.text) if one.block is not None else None
        if one.block is not None and head is None:
            return None
        word, name, rest = head.groups() if head is not None else (one.word, None, one.rest)
        body = (yield from _split(one.block)) if one.block is not None else [_Statement(one.text)]
        counted = _COUNTED.fullmatch(rest)
        if word in ("if", "unless"):
            is_done = (yield from self._holds(rest)) is (word == "if")
            return (yield from self._all(body, looped=True)) if is_done else None
        if word in ("while", "until") or counted is not None:
            yield from self._plain(counted[1].strip() if counted else "")
            condition, after = (counted[2], counted[3].strip()) if counted else (rest, "")
            while (yield from self._holds(condition)) is (word != "until"):
                yield from self._step()
                ended = yield from self._all(body, looped=True)
                if ended is not None and ended != _NEXT:
                    return None if ended == _LAST else ended
                yield from self._plain(after)
            return None
        some = listed(rest, self.names)
        for value in (yield from self._items(rest)) or [] if some is None else some:
            self.names.set(name or "_", value)
            ended = yield from self._all(body, looped=True)
            if ended is not None and ended != _NEXT:
                return None if ended == _LAST else ended
        return None

    def _holds(self, source: str) -> Steps[bool | None]:
        """Return whether a condition is true, None when it is not understood."""
        text = source.strip()
        text = text[1:-1] if text.startswith("(") and text.find(")") == len(text) - 1 else text
        compared, ordered = _COMPARED.fullmatch(text), _ORDERED.fullmatch(text)
        if compared is not None:
            one, other = (yield from self._joined(compared[1])), (yield from self._joined(compared[3]))
            return None if one is None else (one == other) == (compared[2] == "eq")
        if ordered is not None:
            left, right = (total(side, self.names) for side in (ordered[1], ordered[3]))
            pair = number(left or ""), number(right or "")
            return {"<": pair[0] < pair[1], ">": pair[0] > pair[1], "<=": pair[0] <= pair[1], ">=": pair[0] >= pair[1],
                    "==": pair[0] == pair[1], "!=": pair[0] != pair[1]}[ordered[2]]  # fmt: skip
        value = total(text, self.names)
        return None if value is None else value not in ("", "0")

    def _plain(self, statement: str) -> Steps[int | None]:
        """Do one statement; returns the status when it ends the program."""
        if statement in _LEFT:
            return _LEFT[statement]
        died, ran, exited = (kind.fullmatch(statement) for kind in (_DIED, _RUN, _EXITED))
        printed = _PRINTED.fullmatch(statement)
        if died is not None:
            message = within(died[2], self.names)
            self._call.print_error(
                message if message.endswith("\n") else f"{message} at {self._title} line 1.\n", end=""
            )
            return 255
        if exited is not None:
            return number(total(exited[1], self.names) or "0") & 255
        if ran is not None:
            words = [within(one, self.names) for one in _WORD.findall(ran[2])]
            argv = ["sh", "-c", *words] if len(words) == 1 else words
            status = yield from self._call.runner.execute(argv, self._call.streams)
            return status if ran[1] == "exec" else None
        if printed is not None:
            yield from self._print(printed)
        elif statement:
            yield from self._change(statement)
        return None

    def _print(self, printed: re.Match[str]) -> Steps[None]:
        kind, stream, source = printed.groups()
        some = (yield from self._items(source)) if source.strip() else [self.names.get("$_")]
        if some is None:
            return
        if kind == "printf" and some:
            text = formatted(some[0], [float(one) if _WHOLE.fullmatch(one) else one for one in some[1:]])
        else:
            text = "".join(some)
        end = "" if kind == "printf" else "\n" if kind == "say" else self._ending
        (self._call.print_error if stream == "STDERR" else self._call.print)(text[:MAX_TEXT], end=end)

    def _change(self, statement: str) -> Steps[None]:
        """Do a statement that changes a variable."""
        names, assigned, chomped = self.names, _ASSIGNED.fullmatch(statement), _CHOMPED.fullmatch(statement)
        if _STEPPED.fullmatch(statement):
            total(statement if statement[0] == "$" else statement[2:] + statement[:2], names)
        elif chomped is not None:
            name = chomped[1] or "_"
            names.set(name, names.get(f"${name}").removesuffix("\n"))
        elif assigned is not None:
            name, operator, source = assigned.groups()
            some = yield from self._items(source)
            if some is None:
                return
            old, value = names.get(f"${name}"), "".join(some)
            if operator and operator != ".":
                value = total(f"{number(old)} {operator} ({number(value)})", names) or "0"
            names.set(name, old + value if operator == "." else value)

    def _items(self, source: str) -> Steps[list[str] | None]:
        """Return the texts of a list; what a command writes, where it is one between backticks."""
        text = source.strip()
        if text in ("shift", "shift @ARGV"):
            return [self.names.rows["ARGV"].pop(0)] if self.names.rows["ARGV"] else []
        run = _OUTPUT.fullmatch(text)
        if run is None:
            found = yield from self._texts(text)
            is_inner = found is None and text[:1] == "(" and text[-1:] == ")"
            return (yield from self._texts(text[1:-1])) if is_inner else found
        buffer = self._call.runner.buffer()
        argv = ["sh", "-c", within(run[1] or run[2], self.names)]
        yield from self._call.runner.execute(argv, self._call.streams._replace(out=buffer))
        return [decode(buffer.take()[:MAX_TEXT])]

    def _joined(self, source: str) -> Steps[str | None]:
        found = yield from self._texts(source.strip())
        return None if found is None else "".join(found)

    def _texts(self, source: str) -> Steps[list[str] | None]:
        """Return the texts and sums of a list; None when it has anything else."""
        found, at, size, names = list[str](), 0, 0, self.names
        while at < len(source) and len(found) < MAX_ITEMS and size < MAX_TEXT:
            yield from turn()
            repeated, joined, result = _REPEATED.match(source, at), _JOINED.match(source, at), called(source, at, names)
            match = repeated or joined or _ITEM.match(source, at)
            if result is not None:
                text, end = result
            elif match is None or match.end() == at:
                return None
            else:
                if repeated is not None:
                    one: str | None = self._repeat(match)
                else:
                    one = (yield from self._join(match)) if joined is not None else self._item(match)
                if one is None:
                    return None
                text, end = one, match.end()
            found.append(text)
            at, size = end, size + len(text)
        return found

    def _repeat(self, match: re.Match[str]) -> str:
        times = number(self.names.get(match[2])) if match[2].startswith("$") else int(match[2])
        return unescape(match[1])[0] * max(0, min(times, MAX_TEXT))

    def _join(self, match: re.Match[str]) -> Steps[str | None]:
        if match[3]:
            return "".join(self.names.rows.get(match[3], []))
        some = listed(match[2], self.names)
        some = (yield from self._texts(match[2].strip())) if some is None else some
        return None if some is None else unescape(match[1])[0].join(some)[:MAX_TEXT]

    def _item(self, match: re.Match[str]) -> str | None:
        """Return the text that an item is; None for a sum that cannot be computed."""
        double, single, decimal, other = match.groups()
        if double is not None:
            return within(double, self.names)
        return single if single is not None else decimal if decimal is not None else total(other, self.names)


def is_usual(source: str) -> bool:
    """Return whether a program for each line is one that `each_line` does."""
    return any(kind.fullmatch(source) for kind in (_SUBSTITUTED, _MATCHED, _TOLD))


def each_line(call: Call, source: str, paths: list[str], *, shown: bool) -> Effects:
    """Do what -n and -p do with each line, where the program is a substitution or prints what fits a pattern."""
    changed, matched = _SUBSTITUTED.fullmatch(source), _MATCHED.fullmatch(source)
    told = _TOLD.fullmatch(source)
    pattern, flags = (changed[2], changed[4]) if changed else (matched[2], matched[3]) if matched else ("", "")
    pattern, flags = (told[2], told[3]) if told else (pattern, flags)
    try:
        fits = compiled(encode(pattern), extended=True, ignore_case="i" in flags, perl=True) if pattern else None
    except BadPatternError:
        fits = None
    for found in (yield from call.sources(paths)):
        for line in found.lines(ends=True):
            yield from turn()
            if told is not None and fits is not None:
                call.out.write(_told(line, fits, told[1]))
            elif matched is not None and fits is not None and fits.fits(line) == (matched[1] == "if"):
                call.out.write(line)
            elif shown and changed is not None and fits is not None:
                call.out.write((yield from _replaced_in(line, fits, encode(changed[3]), every="g" in flags)))
            elif shown:
                call.out.write(line)
    return 0


def _told(line: bytes, fits: Pattern, text: str) -> bytes:
    """Return what is printed of a line that fits: a text in which $1 and the like stand for its groups."""
    found = fits.search(line, groups=True)
    if found is None:
        return b""
    pieces = re.split(r"\$([1-9&])", text)
    groups = [line[begin:end] if begin >= 0 else b"" for begin, end in found.spans]
    numbers = [0 if one == "&" else int(one) for one in pieces[1::2]]
    texts = [encode(unescape(piece)[0]) for piece in pieces[::2]]
    shown = [groups[number] if number < len(groups) else b"" for number in numbers]
    return b"".join(piece for pair in zip(texts, [*shown, b""], strict=True) for piece in pair)[:MAX_TEXT]


def _replaced_in(line: bytes, fits: Pattern, new: bytes, *, every: bool) -> Steps[bytes]:
    """Return a line with the first match, or every one, replaced."""
    pieces: list[bytes] = []
    at = 0
    while at < len(line) and len(pieces) < MAX_REPLACED and (match := fits.search(line, at)) is not None:
        yield from turn()
        pieces += [line[at : match.start], new]
        if match.end == match.start:
            pieces.append(line[match.end : match.end + 1])
        at = max(match.end, match.start + 1)
        if not every:
            break
    return b"".join([*pieces, line[at:]])
