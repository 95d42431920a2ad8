# SPDX-License-Identifier: MIT
"""Patterns of the shell: which text fits one, which path names do, and bash's braces (POSIX.1-2017, §2.13; bash(1))."""

from __future__ import annotations

import fnmatch
import posixpath
import re

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.machine.filesystem import Access, FileSystem
from decnet_decoys.shell.machine.fs_errors import FileSystemError

MAX_MATCHES = 500

_BRACES = re.compile(r"\{([^{},\s]*(?:,[^{},\s]*)+)\}|\{(-?\d{1,6})\.\.(-?\d{1,6})\}")


def matches(text: str, pattern: str) -> bool:
    """Return whether a shell pattern fits `text`; stars are merged and bounded so that matching stays cheap."""
    pattern = re.sub(r"\*+", "*", pattern)
    if pattern.count("*") > 6 or len(pattern) > 256:
        return text == pattern
    return fnmatch.fnmatchcase(text[:MAX_WORD], pattern)


def braces(text: str, limit: int = MAX_MATCHES) -> list[str]:
    """Return bash's brace expansion of an unquoted word: a{b,c} and {1..3}."""
    pending: list[str] = [text]
    done: list[str] = []
    while pending and len(done) + len(pending) < limit:
        word = pending.pop(0)
        match = _BRACES.search(word)
        if match is None:
            done.append(word)
            continue
        choices = _choices(match, limit)
        pending[:0] = [word[: match.start()] + choice + word[match.end() :] for choice in choices]
    return done + pending


def _choices(match: re.Match[str], limit: int) -> list[str]:
    if match[1] is not None:
        return match[1].split(",")[:limit]
    first, last = int(match[2]), int(match[3])
    step = 1 if last >= first else -1
    return [str(number) for number in range(first, last + step, step)[:limit]]


def paths(pattern: str, files: FileSystem, cwd: str) -> list[str]:
    """Return the path names that fit `pattern`, sorted; none when nothing fits."""
    absolute = pattern.startswith("/")
    found = ["/" if absolute else ""]
    for part in [piece for piece in pattern.split("/") if piece]:
        found = [path for base in found for path in _children(base, part, files, cwd)][:MAX_MATCHES]
    return found


def _children(base: str, part: str, files: FileSystem, cwd: str) -> list[str]:
    if not any(mark in part for mark in "*?["):
        path = posixpath.join(base, part)
        return [path] if files.exists(path, Access(cwd=cwd)) else []
    try:
        names = files.names(base or ".", Access(cwd=cwd))
    except FileSystemError:
        return []
    visible = (name for name in names if part.startswith(".") or not name.startswith("."))
    return [posixpath.join(base, name) for name in visible if matches(name, part)]
