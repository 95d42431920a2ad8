# SPDX-License-Identifier: MIT
"""The commands that agree on a data connection, and those that send a file or a listing over it."""

import re

from decnet_decoys.ftp.client import FtpClient, Handler
from decnet_decoys.ftp.files import directory_lines
from decnet_decoys.ftp.lines import extended_port_of, passive, port_of, protection
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.shell.machine.tree import piece_of

PIECE = 64 << 10
_NUMBER = re.compile("[0-9]*")


async def _pasv(client: FtpClient, _argument: str) -> None:
    if ":" in client.destination or client.extended_only:
        await client.say("550 Permission denied.")
    elif (port := _listened(client)) is None:
        await client.say("425 Failed to establish connection.")
    else:
        await client.say(f"227 Entering Passive Mode ({passive(client.destination, port)}).")


async def _epsv(client: FtpClient, argument: str) -> None:
    family = "2" if ":" in client.destination else "1"
    if argument.upper() == "ALL":
        client.extended_only = True
        await client.say("200 EPSV ALL ok.")
        return
    if argument and _NUMBER.match(argument)[0] != family:  # type: ignore[index]  # it matches nothing, too
        await client.say("522 Bad network protocol.")
        return
    port = _listened(client)
    opened = f"229 Entering Extended Passive Mode (|||{port}|)"
    await client.say("425 Failed to establish connection." if port is None else opened)


def _listened(client: FtpClient) -> int | None:
    try:
        return client.data.listen()
    except OSError:
        client.recorder.connection.counters.add("decoys_data_ports_failed")
        return None


async def _port(client: FtpClient, argument: str) -> None:
    port = port_of(argument, client.source)
    await _active(client, "500 Illegal PORT command." if port is None else port, "PORT", "PASV")


async def _eprt(client: FtpClient, argument: str) -> None:
    await _active(client, extended_port_of(argument, client.source), "EPRT", "EPSV")


async def _active(client: FtpClient, port: int | str, name: str, better: str) -> None:
    if client.extended_only and name == "PORT":
        port = "550 Permission denied."
    if isinstance(port, str):
        await client.say(port)
        return
    client.data.connect_to(port)
    await client.say(f"200 {name} command successful. Consider using {better}.")


async def _pbsz(client: FtpClient, _argument: str) -> None:
    await client.say("200 PBSZ set to 0." if client.secure else "503 PBSZ needs a secure connection.")


async def _prot(client: FtpClient, argument: str) -> None:
    if not client.secure:
        await client.say("503 PROT needs a secure connection.")
        return
    words, private = protection(argument)
    client.private = client.private if private is None else private
    await client.say(words)


async def _list(client: FtpClient, argument: str) -> None:
    await _list_directory(client, argument, names_only=False)


async def _nlst(client: FtpClient, argument: str) -> None:
    await _list_directory(client, argument, names_only=True)


async def _list_directory(client: FtpClient, argument: str, *, names_only: bool) -> None:
    if not await _needs_data(client):
        return
    listed = await directory_lines(client, argument, names_only=names_only)
    opened = await _opened(client, "150 Here comes the directory listing.")
    if opened is None:
        return
    try:
        await opened.write(listed.encode("utf-8", "surrogateescape"))
    finally:
        opened.socket.close()
    await client.say("226 Directory send OK.")


async def _retr(client: FtpClient, argument: str) -> None:
    if not await _needs_data(client):
        return
    size = client.file(argument).size
    if client.offset and not client.binary:
        client.offset = 0
        await client.say("550 No support for resume of ASCII transfer.")
        return
    content = client.shell.files.read(argument, client.shell.access)
    # Whatever TYPE said: Debian's vsftpd has no downloads in ASCII.
    opened = await _opened(client, f"150 Opening BINARY mode data connection for {argument} ({size} bytes).")
    place, client.offset = client.offset, 0
    if opened is None:
        return
    try:
        while piece := piece_of(content, place, PIECE):
            await opened.write(piece)
            place += len(piece)
            await turn.give_way()
    finally:
        opened.socket.close()
    await client.say("226 Transfer complete.")


async def _stor(client: FtpClient, argument: str) -> None:
    await _stored(client, argument, append=False)


async def _appe(client: FtpClient, argument: str) -> None:
    await _stored(client, argument, append=True)


async def _stou(client: FtpClient, argument: str) -> None:
    if not await _needs_data(client):
        return
    base = argument or "STOU"
    free = (*((base,) if argument else ()), *(f"{base}.{number}" for number in range(1, 100)))
    name = next((one for one in free if not client.shell.files.exists(one, client.shell.access)), base)
    await _stored(client, name, append=False, words=f"150 FILE: {name}")


async def _stored(client: FtpClient, argument: str, *, append: bool, words: str = "150 Ok to send data.") -> None:
    if not await _needs_data(client):
        return
    files, access = client.shell.files, client.shell.access
    files.write(argument, b"", access, append=True)  # whether it may be written there
    opened = await _opened(client, words)
    if opened is None:
        return
    try:
        data, size = await _received(client, opened)
    finally:
        opened.socket.close()
    try:
        for _ in client.recorder.uploading(client.absolute(argument), data, size):
            await turn.give_way()
        place, client.offset = client.offset, 0
        if place and not append:
            kept = _write_over(client, argument, place, data)
        else:
            files.write(argument, data, access, append=append)
            kept = True
    finally:
        client.shell.lease.hold(-len(data))
    await client.say("226 Transfer complete." if kept else "451 Failure writing to local file.")


def _write_over(client: FtpClient, argument: str, place: int, data: bytes) -> bool:
    """Write over what follows `place` in a file, as REST asks; False: there is no memory for it.

    The new file is held under the session's lease while it is made: it may be as large as an upload.
    """
    files, access = client.shell.files, client.shell.access
    most = client.recorder.context.settings.limits.upload_bytes
    before = files.read(argument, access)
    if not isinstance(before, bytes) or max(place, len(before)) > most:
        files.write(argument, data, access)
        return True
    padding = max(0, place - len(before))
    end = min(most, place + len(data))
    size = max(len(before), end) + padding
    if not client.shell.lease.hold(size):
        return False
    try:
        old, new = memoryview(before), memoryview(data)
        made = b"".join((old[:place], bytes(padding), new[: end - place], old[end:]))
        files.write(argument, made, access)
    finally:
        client.shell.lease.hold(-size)
    return True


async def _received(client: FtpClient, opened: Connection) -> tuple[bytes, int]:
    """Return what is kept of an upload, held under the session's lease, and its size."""
    kept, size = bytearray(), 0
    most = client.recorder.context.settings.limits.upload_bytes
    try:
        while piece := await opened.read():
            size += len(piece)
            piece = piece[: max(0, most - len(kept))]
            if piece and client.shell.lease.hold(len(piece)):
                kept += piece
            await turn.give_way()
    except (OSError, ConnectionEnded):
        pass  # what has come is evidence
    return bytes(kept), size


async def _needs_data(client: FtpClient) -> bool:
    if not client.data.ready:
        await client.say("425 Use PORT or PASV first.")
    return client.data.ready


async def _opened(client: FtpClient, words: str) -> Connection | None:
    """Return the connection of a transfer, after saying that it begins; None when there is none, which is said."""
    try:
        plain = await client.data.open()
    except OSError:
        await client.say("425 Failed to establish connection.")
        return None
    await client.say(words)
    if not client.private or client.tls is None:
        return plain
    try:
        return await client.tls.secured(plain)
    except (OSError, ConnectionEnded):
        plain.socket.close()
        await client.say("522 SSL connection failed: session reuse required")
        return None


HANDLERS: dict[str, Handler] = {
    "PASV": _pasv, "EPSV": _epsv, "PORT": _port, "EPRT": _eprt, "PBSZ": _pbsz, "PROT": _prot, "LIST": _list,
    "NLST": _nlst, "RETR": _retr, "STOR": _stor, "APPE": _appe, "STOU": _stou,
}  # fmt: skip
