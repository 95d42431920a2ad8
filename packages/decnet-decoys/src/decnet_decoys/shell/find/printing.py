# SPDX-License-Identifier: MIT
"""A file as `-ls` and `-printf` show it."""

import posixpath
import re
import stat
from collections.abc import Callable

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.files.listing import inode
from decnet_decoys.shell.commands.files.permissions import group_of
from decnet_decoys.shell.find.tests import Seen

MAX_LAYOUT = 512
"""Characters of what -printf is given."""


def listed(call: Call, seen: Seen) -> str:
    entry, shell = seen.entry, call.shell
    owner, group = shell.owner_name(entry.uid), group_of(call, entry.gid)
    when = shell.date("%b %e %H:%M" if shell.now - entry.mtime < 15_778_476 else "%b %e  %Y", entry.mtime)
    arrow = f" -> {entry.target}" if entry.kind == "link" else ""
    return (
        f"{inode(seen.path):>9} {entry.kib:>6} {stat.filemode(entry.st_mode)} {shell.files.links(seen.path):>3} "
        f"{owner:<8} {group:<8} {entry.size:>8} {when} {seen.shown}{arrow}\n"
    )


def formatted(call: Call, layout: str, seen: Seen) -> str:
    entry, shell = seen.entry, call.shell
    letters = {"file": "f", "dir": "d", "link": "l", "device": "c", "pipe": "p"}
    values: dict[str, Callable[[], object]] = {
        "p": lambda: seen.shown, "f": lambda: posixpath.basename(seen.shown) or "/", "s": lambda: entry.size,
        "h": lambda: posixpath.dirname(seen.shown) or ".", "y": lambda: letters[entry.kind],
        "u": lambda: shell.owner_name(entry.uid),
        "g": lambda: group_of(call, entry.gid), "U": lambda: entry.uid, "G": lambda: entry.gid,
        "%": lambda: "%",
        "m": lambda: f"{entry.permissions:o}", "M": lambda: stat.filemode(entry.st_mode), "d": lambda: seen.depth,
        "l": lambda: entry.target, "i": lambda: inode(seen.path), "k": lambda: entry.kib,
        "n": lambda: shell.files.links(seen.path),
        "P": lambda: seen.shown.partition("/")[2],
        "t": lambda: shell.date("%a %b %e %H:%M:%S.0000000000 %Y", entry.mtime),
    }  # fmt: skip

    def one(match: re.Match[str]) -> str:
        width, time, kind, letter = match.groups()
        if time:
            return str(entry.mtime) + ".0000000000" if kind == "@" else shell.date(f"%{kind}", entry.mtime)
        return ("%" + width + "s") % str(values[letter]()) if letter in values else match[0]

    return re.sub(r"%([-0]{0,2}\d{0,3})(?:([TAC])(.)|([a-zA-Z%]))", one, layout[:MAX_LAYOUT])
