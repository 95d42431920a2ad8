# SPDX-License-Identifier: MIT
"""The commands that look at files and change them without a data connection."""

import posixpath
import time

from decnet_decoys.ftp.client import FtpClient, Handler
from decnet_decoys.ftp.lines import Row, doubled, listing, moment_and_path, name_patterns
from decnet_decoys.processor import turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError


async def _pwd(client: FtpClient, _argument: str) -> None:
    await client.say(f'257 "{doubled(client.shell.cwd)}" is the current directory')


async def _cwd(client: FtpClient, argument: str) -> None:
    client.shell.cwd = client.shell.files.enter(client.named(argument), client.shell.access)
    await client.say("250 Directory successfully changed.")


async def _cdup(client: FtpClient, _argument: str) -> None:
    await _cwd(client, "..")


async def _size(client: FtpClient, argument: str) -> None:
    await client.say(f"213 {client.file(argument).size}")


async def _mdtm(client: FtpClient, argument: str) -> None:
    moment, path = moment_and_path(argument)
    entry = client.file(path)
    if moment is not None:
        client.shell.files.change(path, client.shell.access, mtime=moment)
        await client.say("213 File modification time set.")
        return
    await client.say(time.strftime("213 %Y%m%d%H%M%S", time.gmtime(entry.mtime)))


async def _mkd(client: FtpClient, argument: str) -> None:
    client.shell.files.mkdir(argument, client.shell.access)
    await client.say(f'257 "{doubled(client.absolute(argument))}" created')


async def _rmd(client: FtpClient, argument: str) -> None:
    if client.shell.files.stat(argument, client.shell.access).kind != "dir":
        raise FileSystemError("Not a directory")
    client.shell.files.remove(argument, client.shell.access)
    await client.say("250 Remove directory operation successful.")


async def _dele(client: FtpClient, argument: str) -> None:
    client.file(argument)
    client.shell.files.remove(argument, client.shell.access)
    await client.say("250 Delete operation successful.")


async def _rnfr(client: FtpClient, argument: str) -> None:
    client.shell.files.stat(client.named(argument), client.shell.access)
    client.rename_from = argument
    await client.say("350 Ready for RNTO.")


async def _rnto(client: FtpClient, argument: str) -> None:
    if not client.rename_from:
        await client.say("503 RNFR required first.")
        return
    source, client.rename_from = client.rename_from, ""
    client.shell.files.rename(source, argument, client.shell.access)
    await client.say("250 Rename successful.")


async def directory_lines(client: FtpClient, argument: str, *, hidden: bool = False, names_only: bool = False) -> str:
    """Return the lines of LIST, NLST and STAT with that argument: options, then a directory or a pattern of files.

    None for what is not there, as vsftpd does.
    """
    options, _, path = argument.partition(" ") if argument.startswith("-") else ("", "", argument)
    path, pattern = _directory_and_pattern(client, path or ".")
    files, access = client.shell.files, client.shell.access
    try:
        place = files.locate(path, access)
        names = files.names(place, access)
    except FileSystemError:
        return ""
    wanted = []
    for one in name_patterns(pattern or "*"):
        wanted.append(one)
        await turn.give_way()
    shown = hidden or "a" in options or pattern.startswith(".")
    names = [*((".", "..") if shown else ()), *names]
    rows = []
    for name in sorted(names):
        await turn.give_way()
        if not any(one.fullmatch(name) for one in wanted) or (name.startswith(".") and not shown):
            continue
        at = posixpath.normpath(posixpath.join(place, name))
        entry = files.stat(at, follow=False)
        rows.append(Row(name, entry, files.links(at) if entry.kind == "dir" else 1))
    if "t" in options:
        rows.sort(key=lambda row: -row.entry.mtime)
    rows = rows[::-1] if "r" in options else rows
    if names_only and "l" not in options:
        before = "" if path == "." else path.rstrip("/") + "/"
        return "".join(f"{before}{row.name}\r\n" for row in rows)
    return listing(rows, client.shell.now, client.shell.date)


def _directory_and_pattern(client: FtpClient, path: str) -> tuple[str, str]:
    """Return the directory to list and which of its names; "" for all, where a path is a directory that opens."""
    files, access = client.shell.files, client.shell.access
    path = client.named(path)
    try:
        files.names(path, access)
    except FileSystemError:
        above, slash, name = path.rpartition("/")
        return (above or "/" if slash else "."), name
    return path, ""


HANDLERS: dict[str, Handler] = {
    "PWD": _pwd, "CWD": _cwd, "CDUP": _cdup, "SIZE": _size, "MDTM": _mdtm,
    "MKD": _mkd, "RMD": _rmd, "DELE": _dele, "RNFR": _rnfr, "RNTO": _rnto,
}  # fmt: skip
