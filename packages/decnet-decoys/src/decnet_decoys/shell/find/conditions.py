# SPDX-License-Identifier: MIT
"""The conditions of an expression: of a file's name, kind, mode, owner, size and times, and where to look."""

import posixpath
import re

from decnet_decoys.shell.commands.dates import moment_of
from decnet_decoys.shell.commands.files.permissions import group_of, mode_after
from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.encoding import encode, quoted
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, compiled
from decnet_decoys.shell.find.tests import Seen, Test, always, negated, pure
from decnet_decoys.shell.find.words import Words, WrongExpressionError
from decnet_decoys.shell.machine.fs_errors import FileSystemError

_KINDS = {"f": "file", "d": "dir", "l": "link", "c": "device", "b": "block", "p": "pipe", "s": "socket"}
"""As `-type` names them."""
_UNITS = {"c": 1, "w": 2, "b": 512, "k": 1024, "M": 1 << 20, "G": 1 << 30, "": 512}


class Conditions(Words):
    """Makes a test of each condition: that of `-name` is made by `_t_name`."""

    def _t_name(self, word: str) -> Test:
        pattern = self._value(word)
        return pure(lambda seen: matches(posixpath.basename(seen.shown.rstrip("/")) or "/", pattern))

    def _t_iname(self, word: str) -> Test:
        pattern = self._value(word).lower()
        return pure(lambda seen: matches(posixpath.basename(seen.shown).lower(), pattern))

    def _t_path(self, word: str) -> Test:
        pattern = self._value(word)
        return pure(lambda seen: matches(seen.shown, pattern))

    _t_wholename = _t_path

    def _t_ipath(self, word: str) -> Test:
        pattern = self._value(word).lower()
        return pure(lambda seen: matches(seen.shown.lower(), pattern))

    def _t_regex(self, word: str) -> Test:
        try:
            pattern = compiled(encode(f"^\\({self._value(word)}\\)$"), extended=False)
        except BadPatternError as error:
            raise WrongExpressionError(str(error)) from error
        return pure(lambda seen: pattern.fits(encode(seen.shown)))

    def _t_type(self, word: str) -> Test:
        letters = self._value(word).split(",")
        for letter in letters:
            if letter not in _KINDS:
                raise WrongExpressionError(f"Unknown argument to -type: {letter}")
        kinds = {_KINDS[letter] for letter in letters}
        return pure(lambda seen: seen.entry.kind in kinds)

    def _t_maxdepth(self, word: str) -> Test:
        self.most = self._depth_given(word)
        return always

    def _t_mindepth(self, word: str) -> Test:
        self.least = self._depth_given(word)
        return always

    def _depth_given(self, word: str) -> int:
        text = self._value(word)
        if not text.isdecimal() or len(text) > 6:
            raise WrongExpressionError(
                f"Expected a positive decimal integer argument to {word}, but got {quoted(text)}"
            )
        return min(int(text), 200)

    def _t_perm(self, word: str) -> Test:
        text = self._value(word)
        kind, mode = text[:1] if text[:1] in "-/" else "", _mode_of(text.lstrip("-/"))
        if mode is None:
            raise WrongExpressionError(f"invalid mode `{text}'")
        if kind == "-":
            return pure(lambda seen: seen.entry.mode & mode == mode)
        if kind == "/":
            return pure(lambda seen: bool(seen.entry.mode & mode) or not mode)
        return pure(lambda seen: seen.entry.permissions == mode)

    def _t_user(self, word: str) -> Test:
        name, shell = self._value(word), self._call.shell
        if not name.isdecimal() and shell.account(name) is None:
            raise WrongExpressionError(f"{quoted(name)} is not the name of a known user")
        return pure(lambda seen: name in (shell.owner_name(seen.entry.uid), str(seen.entry.uid)))

    _t_uid = _t_user

    def _t_group(self, word: str) -> Test:
        name = self._value(word)
        return pure(lambda seen: name in (group_of(self._call, seen.entry.gid), str(seen.entry.gid)))

    def _t_nouser(self, _word: str) -> Test:
        return pure(lambda seen: self._call.shell.owner_name(seen.entry.uid) == str(seen.entry.uid))

    _t_nogroup = _t_nouser

    def _t_size(self, word: str) -> Test:
        text = self._value(word)
        match = re.fullmatch(r"([-+]?)(\d{1,12})([cwbkMG]?)", text)
        if match is None:
            raise WrongExpressionError(f"Invalid argument `{text}' to -size")
        sign, wanted, unit = match[1], int(match[2]), _UNITS[match[3]]

        def fits(seen: Seen) -> bool:
            size = -(-seen.entry.size // unit)
            return size > wanted if sign == "+" else size < wanted if sign == "-" else size == wanted

        return pure(fits)

    def _t_empty(self, _word: str) -> Test:
        files = self._call.shell.files
        return pure(
            lambda seen: (
                not files.names(seen.path)
                if seen.entry.kind == "dir"
                else seen.entry.kind == "file" and not seen.entry.size
            )
        )

    def _aged(self, word: str, unit: int) -> Test:
        fits, now = self._number(word), self._call.shell.now
        return pure(lambda seen: fits(max(0, now - seen.entry.mtime) // unit))

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
            raise WrongExpressionError(f"{quoted(path)}: {error}") from error
        return pure(lambda seen: seen.entry.mtime > limit)

    def _t_newermt(self, word: str) -> Test:
        text = self._value(word)
        limit = moment_of(text, self._call.shell.now)
        if limit is None:
            raise WrongExpressionError(f"I cannot figure out how to interpret {quoted(text)} as a date or time")
        return pure(lambda seen: seen.entry.mtime > limit)

    def _t_links(self, word: str) -> Test:
        fits, files = self._number(word), self._call.shell.files
        return pure(lambda seen: fits(files.links(seen.path)))

    def _t_readable(self, _word: str) -> Test:
        return pure(lambda seen: self._call.shell.identity.may(seen.entry, 4))

    def _t_writable(self, _word: str) -> Test:
        return pure(lambda seen: self._call.shell.identity.may(seen.entry, 2))

    def _t_executable(self, _word: str) -> Test:
        return pure(lambda seen: bool(seen.entry.mode & 0o111) and self._call.shell.identity.may(seen.entry, 1))

    def _t_true(self, _word: str) -> Test:
        return always

    _t_depth = _t_mount = _t_xdev = _t_noleaf = _t_daystart = _t_ignore_readdir_race = _t_true

    def _t_false(self, _word: str) -> Test:
        return negated(always)

    def _t_prune(self, _word: str) -> Test:
        def prune(_seen: Seen) -> Steps[bool]:
            yield from ()
            self.prune = True
            return True

        return prune


def _mode_of(text: str) -> int | None:
    """Return a mode in octal, or as u=s,g+w."""
    if text and len(text) < 6 and set(text) <= set("01234567"):
        return int(text, 8)
    clauses = text.split(",")[:8]
    if not all(re.fullmatch(r"[ugoa]*[+=][rwxst]+", clause) for clause in clauses):
        return None
    return mode_after(",".join(clauses), 0)
