# SPDX-License-Identifier: MIT
"""The command find (POSIX.1-2017, find; GNU findutils): an expression of tests and actions on each file."""

import posixpath
import re
import stat
from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.listing import inode
from decnet_decoys.shell.commands.files.permissions import group_of
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import encode, quoted
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape

MAX_LISTED = 8000
MAX_TESTS = 200
MAX_NESTING = 20
MAX_EXECUTED = 300
"""Programs that -exec runs."""
_KINDS = {"f": "file", "d": "dir", "l": "link", "c": "device", "b": "block", "p": "pipe", "s": "socket"}
"""As `-type` names them."""
_UNITS = {"c": 1, "w": 2, "b": 512, "k": 1024, "M": 1 << 20, "G": 1 << 30, "": 512}


class _WrongError(DecoysError):
    """The expression is none; the message is find's."""


class Seen(NamedTuple):
    """A file that is looked at: as it is shown, where it is, what it is, how deep below its root."""

    shown: str
    path: str
    entry: Entry
    depth: int


Test = Callable[[Seen], Steps[bool]]


@command("find")
def find(call: Call) -> Effects:
    """Search below paths."""
    args = [arg for arg in call.args if arg not in ("-H", "-L", "-P")]
    cut = next((index for index, arg in enumerate(args) if arg[:1] in ("-", "(", "!") and arg != "-"), len(args))
    try:
        expression = _Expression(call, args[cut:])
        test = expression.whole()
    except _WrongError as error:
        return call.fail(str(error))
    status = 0
    for root in args[:cut] or ["."]:
        yield from turn()
        try:
            resolved = call.shell.files.locate(root, call.shell.access)
            call.shell.files.stat(resolved)
        except FileSystemError as error:
            status = call.fail(f"{quoted(root)}: {error}")
            continue
        yield from _search(call, root, resolved, expression, test)
    for pending in expression.collected:
        yield from pending()
    return status


def _search(call: Call, root: str, resolved: str, expression: "_Expression", test: Test) -> Steps[None]:
    pruned = ""
    for seen, (path, entry) in enumerate(list(_limited(call, resolved, expression))):
        yield from turn()
        below = path[len(resolved.rstrip("/")) :] if path != resolved else ""
        if seen > MAX_LISTED or (pruned and path.startswith(pruned)):
            continue
        shown = (root.rstrip("/") or "") + below if below else root
        depth = below.count("/")
        if depth < expression.least:
            continue
        expression.prune = False
        yield from test(Seen(shown, path, entry, depth))
        if expression.prune and entry.kind == "dir":
            pruned = path.rstrip("/") + "/"


def _limited(call: Call, resolved: str, expression: "_Expression") -> list[tuple[str, Entry]]:
    found = []
    base = resolved.rstrip("/").count("/")
    for path, entry in call.shell.files.walk(resolved):
        if path == resolved or path.count("/") - base <= expression.most:
            found.append((path, entry))
        if len(found) > MAX_LISTED:
            break
    return found[::-1] if expression.from_below else found


class _Expression:
    """Reads the words of an expression to a test; what applies to all files is in its fields."""

    def __init__(self, call: Call, args: list[str]) -> None:
        self._call, self._args, self._at, self._depth = call, args, 0, 0
        self.most, self.least, self.from_below, self.prune = 200, 0, "-delete" in args or "-depth" in args, False
        self.acts = False
        self.collected: list[Callable[[], Steps[None]]] = []
        self._executed = 0
        if len(args) > MAX_TESTS:
            raise _WrongError("Argument list too long")

    def whole(self) -> Test:
        test = self._either() if self._args else _always
        if self._at < len(self._args):
            shown = self._args[self._at]
            raise _WrongError("you have too many ')'" if shown == ")" else f"paths must precede expression: `{shown}'")
        if self.acts:
            return test

        def printing(seen: Seen) -> Steps[bool]:
            if (yield from test(seen)):
                self._call.print(seen.shown)
            return True

        return printing

    def _next(self) -> str | None:
        return self._args[self._at] if self._at < len(self._args) else None

    def _either(self) -> Test:
        left = self._both()
        while self._next() in ("-o", "-or"):
            self._at += 1
            left = _or(left, self._both())
        return left

    def _both(self) -> Test:
        left = self._negated()
        while (word := self._next()) is not None and word not in ("-o", "-or", ")", ","):
            if word in ("-a", "-and"):
                self._at += 1
            left = _and(left, self._negated())
        return left

    def _negated(self) -> Test:
        if self._next() in ("!", "-not"):
            self._at += 1
            return _not(self._negated())
        return self._primary()

    def _primary(self) -> Test:
        word = self._next()
        if word is None:
            raise _WrongError("expected an expression after `!'" if self._args else "expected an expression")
        self._at += 1
        if word == "(":
            return self._group()
        if not word.startswith("-"):
            raise _WrongError(f"paths must precede expression: `{word}'")
        method = getattr(self, "_t_" + word[1:].replace("-", "_"), None)
        if method is None:
            raise _WrongError(f"unknown predicate `{word}'")
        return method(word)  # type: ignore[no-any-return]  # looked up by name

    def _group(self) -> Test:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _WrongError("Argument list too long")
        test = self._either()
        if self._next() != ")":
            raise _WrongError("invalid expression; I was expecting to find a ')' somewhere but did not see one.")
        self._at += 1
        self._depth -= 1
        return test

    def _value(self, word: str) -> str:
        value = self._next()
        if value is None:
            raise _WrongError(f"missing argument to `{word}'")
        self._at += 1
        return value

    def _number(self, word: str) -> Callable[[int], bool]:
        """Return the test of a number as +N, -N or N gives it."""
        text = self._value(word)
        match = re.fullmatch(r"([-+]?)(\d{1,12})", text)
        if match is None:
            raise _WrongError(f"invalid argument `{text}' to `{word}'")
        wanted = int(match[2])
        if match[1] == "+":
            return lambda value: value > wanted
        return (lambda value: value < wanted) if match[1] == "-" else (lambda value: value == wanted)

    def _t_name(self, word: str) -> Test:
        pattern = self._value(word)
        return _pure(lambda seen: matches(posixpath.basename(seen.shown.rstrip("/")) or "/", pattern))

    def _t_iname(self, word: str) -> Test:
        pattern = self._value(word).lower()
        return _pure(lambda seen: matches(posixpath.basename(seen.shown).lower(), pattern))

    def _t_path(self, word: str) -> Test:
        pattern = self._value(word)
        return _pure(lambda seen: matches(seen.shown, pattern))

    _t_wholename = _t_path

    def _t_ipath(self, word: str) -> Test:
        pattern = self._value(word).lower()
        return _pure(lambda seen: matches(seen.shown.lower(), pattern))

    def _t_regex(self, word: str) -> Test:
        try:
            pattern = compiled(encode(f"^\\({self._value(word)}\\)$"), extended=False)
        except BadPatternError as error:
            raise _WrongError(str(error)) from error
        return _pure(lambda seen: pattern.fits(encode(seen.shown)))

    def _t_type(self, word: str) -> Test:
        letters = self._value(word).split(",")
        for letter in letters:
            if letter not in _KINDS:
                raise _WrongError(f"Unknown argument to -type: {letter}")
        kinds = {_KINDS[letter] for letter in letters}
        return _pure(lambda seen: seen.entry.kind in kinds)

    def _t_maxdepth(self, word: str) -> Test:
        self.most = self._depth_given(word)
        return _always

    def _t_mindepth(self, word: str) -> Test:
        self.least = self._depth_given(word)
        return _always

    def _depth_given(self, word: str) -> int:
        text = self._value(word)
        if not text.isdecimal() or len(text) > 6:
            raise _WrongError(f"Expected a positive decimal integer argument to {word}, but got {quoted(text)}")
        return min(int(text), 200)

    def _t_perm(self, word: str) -> Test:
        text = self._value(word)
        kind, mode = text[:1] if text[:1] in "-/" else "", _mode_of(text.lstrip("-/"))
        if mode is None:
            raise _WrongError(f"invalid mode `{text}'")
        if kind == "-":
            return _pure(lambda seen: seen.entry.mode & mode == mode)
        if kind == "/":
            return _pure(lambda seen: bool(seen.entry.mode & mode) or not mode)
        return _pure(lambda seen: seen.entry.mode == mode)

    def _t_user(self, word: str) -> Test:
        name, shell = self._value(word), self._call.shell
        if not name.isdecimal() and shell.account(name) is None:
            raise _WrongError(f"{quoted(name)} is not the name of a known user")
        return _pure(lambda seen: name in (shell.owner_name(seen.entry.uid), str(seen.entry.uid)))

    _t_uid = _t_user

    def _t_group(self, word: str) -> Test:
        name = self._value(word)
        return _pure(lambda seen: name in (group_of(self._call, seen.entry.gid), str(seen.entry.gid)))

    def _t_nouser(self, _word: str) -> Test:
        return _pure(lambda seen: self._call.shell.owner_name(seen.entry.uid) == str(seen.entry.uid))

    _t_nogroup = _t_nouser

    def _t_size(self, word: str) -> Test:
        text = self._value(word)
        match = re.fullmatch(r"([-+]?)(\d{1,12})([cwbkMG]?)", text)
        if match is None:
            raise _WrongError(f"Invalid argument `{text}' to -size")
        sign, wanted, unit = match[1], int(match[2]), _UNITS[match[3]]

        def fits(seen: Seen) -> bool:
            size = -(-seen.entry.size // unit)
            return size > wanted if sign == "+" else size < wanted if sign == "-" else size == wanted

        return _pure(fits)

    def _t_empty(self, _word: str) -> Test:
        files = self._call.shell.files
        return _pure(
            lambda seen: (
                not files.names(seen.path)
                if seen.entry.kind == "dir"
                else seen.entry.kind == "file" and not seen.entry.size
            )
        )

    def _aged(self, word: str, unit: int) -> Test:
        fits, now = self._number(word), self._call.shell.now
        return _pure(lambda seen: fits(max(0, now - seen.entry.mtime) // unit))

    def _t_mtime(self, word: str) -> Test:
        return self._aged(word, 86400)

    _t_ctime = _t_atime = _t_mtime

    def _t_mmin(self, word: str) -> Test:
        return self._aged(word, 60)

    _t_cmin = _t_amin = _t_mmin

    def _t_newer(self, word: str) -> Test:
        path, shell = self._value(word), self._call.shell
        try:
            limit = shell.files.stat(path, shell.access).mtime
        except FileSystemError as error:
            raise _WrongError(f"{quoted(path)}: {error}") from error
        return _pure(lambda seen: seen.entry.mtime > limit)

    def _t_links(self, word: str) -> Test:
        fits, files = self._number(word), self._call.shell.files
        return _pure(lambda seen: fits(files.links(seen.path)))

    def _t_readable(self, _word: str) -> Test:
        return _pure(lambda seen: self._call.shell.identity.may(seen.entry, 4))

    def _t_writable(self, _word: str) -> Test:
        return _pure(lambda seen: self._call.shell.identity.may(seen.entry, 2))

    def _t_executable(self, _word: str) -> Test:
        return _pure(lambda seen: bool(seen.entry.mode & 0o111) and self._call.shell.identity.may(seen.entry, 1))

    def _t_true(self, _word: str) -> Test:
        return _always

    _t_depth = _t_mount = _t_xdev = _t_noleaf = _t_daystart = _t_ignore_readdir_race = _t_true

    def _t_false(self, _word: str) -> Test:
        return _not(_always)

    def _t_prune(self, _word: str) -> Test:
        def prune(_seen: Seen) -> Steps[bool]:
            yield from ()
            self.prune = True
            return True

        return prune

    def _t_print(self, _word: str) -> Test:
        return self._printing(lambda seen: seen.shown + "\n")

    def _t_print0(self, _word: str) -> Test:
        return self._printing(lambda seen: seen.shown + "\0")

    def _t_ls(self, _word: str) -> Test:
        return self._printing(self._listed)

    def _t_printf(self, word: str) -> Test:
        layout = unescape(self._value(word)[:1024])[0]
        return self._printing(lambda seen: self._formatted(layout, seen))

    def _t_quit(self, _word: str) -> Test:
        self.acts = True
        return _always

    def _printing(self, shown: Callable[[Seen], str]) -> Test:
        self.acts = True

        def act(seen: Seen) -> Steps[bool]:
            yield from ()
            self._call.print(shown(seen), end="")
            return True

        return act

    def _listed(self, seen: Seen) -> str:
        entry, shell = seen.entry, self._call.shell
        owner, group = shell.owner_name(entry.uid), group_of(self._call, entry.gid)
        when = shell.date("%b %e %H:%M" if shell.now - entry.mtime < 15_778_476 else "%b %e  %Y", entry.mtime)
        arrow = f" -> {entry.target}" if entry.kind == "link" else ""
        return (
            f"{inode(seen.path):>9} {entry.kib:>6} {stat.filemode(entry.st_mode)} {shell.files.links(seen.path):>3} "
            f"{owner:<8} {group:<8} {entry.size:>8} {when} {seen.shown}{arrow}\n"
        )

    def _formatted(self, layout: str, seen: Seen) -> str:
        entry, shell = seen.entry, self._call.shell
        letters = {"file": "f", "dir": "d", "link": "l", "device": "c"}
        values: dict[str, Callable[[], object]] = {
            "p": lambda: seen.shown, "f": lambda: posixpath.basename(seen.shown) or "/", "s": lambda: entry.size,
            "h": lambda: posixpath.dirname(seen.shown) or ".", "y": lambda: letters[entry.kind],
            "u": lambda: shell.owner_name(entry.uid),
            "g": lambda: group_of(self._call, entry.gid), "U": lambda: entry.uid, "G": lambda: entry.gid,
            "%": lambda: "%",
            "m": lambda: f"{entry.mode:o}", "M": lambda: stat.filemode(entry.st_mode), "d": lambda: seen.depth,
            "l": lambda: entry.target, "i": lambda: inode(seen.path), "k": lambda: entry.kib,
            "n": lambda: shell.files.links(seen.path),
            "P": lambda: seen.shown.partition("/")[2],
            "t": lambda: shell.date("%a %b %e %H:%M:%S.0000000000 %Y", entry.mtime),
        }  # fmt: skip

        def one(match: re.Match[str]) -> str:
            if match[2] in "TAC":
                kind = match[3]
                return str(entry.mtime) + ".0000000000" if kind == "@" else shell.date(f"%{kind}", entry.mtime)
            return ("%" + match[1] + "s") % str(values[match[2]]()) if match[2] in values else match[0]

        return re.sub(
            r"%([-0]{0,2}\d{0,3})(?:([TAC])(.)|([a-zA-Z%]))",
            lambda m: one(m) if m[2] else self._plain(m, values),
            layout,
        )

    def _plain(self, match: re.Match[str], values: dict[str, Callable[[], object]]) -> str:
        return ("%" + match[1] + "s") % str(values[match[4]]()) if match[4] in values else match[0]

    def _t_delete(self, _word: str) -> Test:
        self.acts = True

        def act(seen: Seen) -> Steps[bool]:
            yield from ()
            try:
                self._call.shell.files.remove(seen.path, self._call.shell.access)
            except FileSystemError as error:
                self._call.fail(f"cannot delete {quoted(seen.shown)}: {error}")
                return False
            return True

        return act

    def _t_exec(self, word: str) -> Test:
        self.acts = True
        words: list[str] = []
        while (one := self._value(word)) != ";" and not (one == "+" and words[-1:] == ["{}"]):
            words.append(one)
        if one == "+":
            return self._collecting(words[:-1])

        def act(seen: Seen) -> Steps[bool]:
            self._executed += 1
            if self._executed > MAX_EXECUTED:
                return False
            line = [one.replace("{}", seen.shown) for one in words]
            return (yield from self._call.runner.execute(line, self._call.streams)) == 0

        return act

    _t_execdir = _t_ok = _t_exec

    def _collecting(self, words: list[str]) -> Test:
        names: list[str] = []

        def act(seen: Seen) -> Steps[bool]:
            yield from ()
            names.append(seen.shown)
            return True

        def run() -> Steps[None]:
            if names:
                yield from self._call.runner.execute([*words, *names[:2000]], self._call.streams)

        self.collected.append(run)
        return act


def _always(_seen: Seen) -> Steps[bool]:
    yield from ()
    return True


def _pure(fits: Callable[[Seen], bool]) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        yield from ()
        return fits(seen)

    return test


def _or(left: Test, right: Test) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        return (yield from left(seen)) or (yield from right(seen))

    return test


def _and(left: Test, right: Test) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        return (yield from left(seen)) and (yield from right(seen))

    return test


def _not(inner: Test) -> Test:
    def test(seen: Seen) -> Steps[bool]:
        return not (yield from inner(seen))

    return test


def _mode_of(text: str) -> int | None:
    """Return a mode in octal, or as u=s,g+w."""
    if text and len(text) < 6 and set(text) <= set("01234567"):
        return int(text, 8)
    mode = 0
    for clause in text.split(",")[:8]:
        match = re.fullmatch(r"([ugoa]*)[+=]([rwxst]+)", clause)
        if match is None:
            return None
        who = match[1].replace("a", "ugo") or "ugo"
        for letter in match[2]:
            if letter in "rwx":
                for one in who:
                    mode |= {"r": 4, "w": 2, "x": 1}[letter] << {"u": 6, "g": 3, "o": 0}[one]
            else:
                mode |= (0o1000 if letter == "t" else 0) | (0o4000 if letter == "s" and "u" in who else 0)
                mode |= 0o2000 if letter == "s" and "g" in who else 0
    return mode
