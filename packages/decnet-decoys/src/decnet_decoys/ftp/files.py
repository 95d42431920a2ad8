# SPDX-License-Identifier: MIT
"""The commands that look at files and change them without a data connection."""

import posixpath
import time

from decnet_decoys.ftp.client import FtpClient, Handler
from decnet_decoys.ftp.lines import listing
from decnet_decoys.processor import turn
from decnet_decoys.shell.machine.fs_errors import FileSystemError


async def _pwd(client: FtpClient, _argument: str) -> None:
    await client.say(f'257 "{client.shell.cwd}" is the current directory')


async def _cwd(client: FtpClient, argument: str) -> None:
    client.shell.cwd = client.shell.files.enter(client.named(argument), client.shell.access)
    await client.say("250 Directory successfully changed.")


async def _cdup(client: FtpClient, _argument: str) -> None:
    await _cwd(client, "..")


async def _size(client: FtpClient, argument: str) -> None:
    await client.say(f"213 {client.file(argument).size}")


async def _mdtm(client: FtpClient, argument: str) -> None:
    await client.say(time.strftime("213 %Y%m%d%H%M%S", time.gmtime(client.file(argument).mtime)))


async def _mkd(client: FtpClient, argument: str) -> None:
    client.shell.files.mkdir(argument, client.shell.access)
    await client.say(f'257 "{client.absolute(argument)}" created')


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


async def directory_lines(client: FtpClient, path: str, *, hidden: bool, names_only: bool = False) -> str:
    """Return the lines of a directory; none for one that is not there, as vsftpd does."""
    files, access = client.shell.files, client.shell.access
    try:
        place = files.locate(path or ".", access)
        names = sorted(files.names(place, access))
    except FileSystemError:
        return ""
    names = [name for name in names if hidden or not name.startswith(".")]
    if names_only:
        return "".join(f"{name}\r\n" for name in names)
    rows = [(".", files.stat(place)), ("..", files.stat(posixpath.dirname(place)))] if hidden else []
    for name in names:
        rows.append((name, files.stat(posixpath.join(place, name), follow=False)))
        await turn.give_way()
    return listing(rows, client.shell.now, client.shell.date)


HANDLERS: dict[str, Handler] = {
    "PWD": _pwd, "CWD": _cwd, "CDUP": _cdup, "SIZE": _size, "MDTM": _mdtm,
    "MKD": _mkd, "RMD": _rmd, "DELE": _dele, "RNFR": _rnfr, "RNTO": _rnto,
}  # fmt: skip
