# SPDX-License-Identifier: MIT
"""What vsftpd 3.0.3 answers to somebody who has logged in; its words were read off the real server."""

import posixpath
import time
from collections.abc import Awaitable, Callable

from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.ftp.data import DataChannel
from decnet_decoys.ftp.lines import extended_port_of, features, listing, passive, port_of, umask_of
from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import Entry, piece_of
from decnet_decoys.shell.state import ShellState
from decnet_decoys.tls.offer import TlsOffer

PIECE = 64 << 10
HELP = """214-The following commands are recognized.
 ABOR ACCT ALLO APPE CDUP CWD  DELE EPRT EPSV FEAT HELP LIST MDTM MKD
 MODE NLST NOOP OPTS PASS PASV PORT PWD  QUIT REIN REST RETR RMD  RNFR
 RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD
 XPWD XRMD
214 Help OK."""
_FIXED = {
    "SYST": "215 UNIX Type: L8", "NOOP": "200 NOOP ok.", "ALLO": "202 ALLO command ignored.", "HELP": HELP,
    "ACCT": "502 ACCT not implemented.", "REIN": "502 REIN not implemented.", "SMNT": "502 SMNT not implemented.",
    "ABOR": "225 No transfer to ABOR.", "PASS": "230 Already logged in.",
}  # fmt: skip
_ALIASES = {"XCWD": "CWD", "XCUP": "CDUP", "XPWD": "PWD", "XMKD": "MKD", "XRMD": "RMD", "NLST": "LIST"}


class FtpSession:
    """One client that has logged in."""

    def __init__(
        self,
        shell: ShellState,
        connection: Connection,
        recorder: SessionRecorder,
        tls: TlsOffer | None,
        *,
        secure: bool,
    ) -> None:
        self._shell = shell
        self._connection = connection
        self._recorder = recorder
        self._limits = recorder.context.settings.limits
        self._data = DataChannel(connection, self._limits, recorder.context.data_ports)
        self._tls = tls
        self._secure = secure
        self._private = False
        self._binary = False
        self._offset = 0
        self._from = ""
        self._umask = 0o077
        self._extended_only = False
        self._began = time.monotonic()

    def close(self) -> None:
        self._data.close()

    async def answer(self, name: str, argument: str) -> None:
        """Answer one command, which has been recorded."""
        handler = _HANDLERS.get(_ALIASES.get(name, name))
        line = f"{name} {argument}".rstrip()
        known = handler is not None or name in _FIXED
        self._recorder.command(line, known=known, moment=time.monotonic() - self._began)
        if handler is None:
            await self._say(_FIXED.get(name, "500 Unknown command."))
            return
        try:
            await handler(self, argument if name != "NLST" else f"-1 {argument}")
        except FileSystemError:
            await self._say(_FAILED.get(_ALIASES.get(name, name), "550 Permission denied."))

    async def _say(self, text: str) -> None:
        await self._connection.write(text.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n")

    async def _feat(self, _argument: str) -> None:
        await self._say(features(tls=self._tls is not None))

    async def _pwd(self, _argument: str) -> None:
        await self._say(f'257 "{self._shell.cwd}" is the current directory')

    async def _user(self, argument: str) -> None:
        same = argument == self._shell.user.name
        await self._say("331 Any password will do." if same else "530 Can't change to another user.")

    async def _cwd(self, argument: str) -> None:
        self._shell.cwd = self._shell.files.enter(self._named(argument), self._shell.access)
        await self._say("250 Directory successfully changed.")

    async def _cdup(self, _argument: str) -> None:
        await self._cwd("..")

    async def _type(self, argument: str) -> None:
        kind = argument[:1].upper()
        if kind not in ("I", "L", "A"):
            await self._say("500 Unrecognised TYPE command.")
            return
        self._binary = kind != "A"
        await self._say(f"200 Switching to {'Binary' if self._binary else 'ASCII'} mode.")

    async def _mode(self, argument: str) -> None:
        await self._say("200 Mode set to S." if argument.upper() == "S" else "504 Bad MODE command.")

    async def _stru(self, argument: str) -> None:
        await self._say("200 Structure set to F." if argument.upper() == "F" else "504 Bad STRU command.")

    async def _opts(self, argument: str) -> None:
        utf8 = argument.upper() == "UTF8 ON"
        await self._say("200 Always in UTF8 mode." if utf8 else "501 Option not understood.")

    async def _rest(self, argument: str) -> None:
        self._offset = int(argument) if argument.isdecimal() and len(argument) < 15 else 0
        await self._say(f"350 Restart position accepted ({self._offset}).")

    async def _site(self, argument: str) -> None:
        name, _, given = argument.partition(" ")
        if name.upper() == "UMASK":
            await self._site_umask(given)
            return
        changes = "550 SITE CHMOD command failed." if " " in given else "500 SITE CHMOD needs 2 arguments."
        answers = {"HELP": "214 CHMOD UMASK HELP", "CHMOD": changes}
        await self._say(answers.get(name.upper(), "500 Unknown SITE command."))

    async def _site_umask(self, given: str) -> None:
        words = "UMASK set to" if given else "Your current UMASK is"
        self._umask = umask_of(given) if given else self._umask
        await self._say(f"200 {words} {'0' if self._umask else ''}{self._umask:o}")

    async def _size(self, argument: str) -> None:
        await self._say(f"213 {self._file(argument).size}")

    async def _mdtm(self, argument: str) -> None:
        await self._say(time.strftime("213 %Y%m%d%H%M%S", time.gmtime(self._file(argument).mtime)))

    def _file(self, path: str) -> Entry:
        entry = self._shell.files.stat(path or ".", self._shell.access)
        if entry.kind == "dir":
            raise FileSystemError("Is a directory")
        return entry

    async def _mkd(self, argument: str) -> None:
        self._shell.files.mkdir(argument, self._shell.access)
        await self._say(f'257 "{self._absolute(argument)}" created')

    async def _rmd(self, argument: str) -> None:
        if self._shell.files.stat(argument, self._shell.access).kind != "dir":
            raise FileSystemError("Not a directory")
        self._shell.files.remove(argument, self._shell.access)
        await self._say("250 Remove directory operation successful.")

    async def _dele(self, argument: str) -> None:
        self._file(argument)
        self._shell.files.remove(argument, self._shell.access)
        await self._say("250 Delete operation successful.")

    async def _rnfr(self, argument: str) -> None:
        self._shell.files.stat(self._named(argument), self._shell.access)
        self._from = argument
        await self._say("350 Ready for RNTO.")

    async def _rnto(self, argument: str) -> None:
        if not self._from:
            await self._say("503 RNFR required first.")
            return
        source, self._from = self._from, ""
        self._shell.files.rename(source, argument, self._shell.access)
        await self._say("250 Rename successful.")

    async def _stat(self, argument: str) -> None:
        if argument:
            text = await self._listing(argument, hidden=True)
            await self._say(f"213-Status follows:\n{text.replace(chr(13), '')}213 End of status")
            return
        source, user = self._recorder.connection.info.src[0], self._shell.user.name
        encrypted = "encrypted" if self._secure else "plain text"
        await self._say(
            f"211-FTP server status:\n     Connected to {source}\n     Logged in as {user}\n"
            f"     TYPE: {'BINARY' if self._binary else 'ASCII'}\n     No session bandwidth limit\n"
            f"     Session timeout in seconds is 300\n     Control connection is {encrypted}\n"
            f"     Data connections will be {'encrypted' if self._private else 'plain text'}\n"
            "     At session startup, client count was 1\n     vsFTPd 3.0.3 - secure, fast, stable\n211 End of status"
        )

    async def _pasv(self, _argument: str) -> None:
        address = self._recorder.connection.info.dst[0]
        if ":" in address or self._extended_only:
            await self._say("550 Permission denied.")
        elif (port := self._listened()) is None:
            await self._say("425 Failed to establish connection.")
        else:
            await self._say(f"227 Entering Passive Mode ({passive(address, port)}).")

    async def _epsv(self, argument: str) -> None:
        family = "2" if ":" in self._recorder.connection.info.dst[0] else "1"
        if argument.upper() == "ALL":
            self._extended_only = True
            await self._say("200 EPSV ALL ok.")
            return
        if argument not in ("", family):
            await self._say("522 Bad network protocol.")
            return
        port = self._listened()
        opened = f"229 Entering Extended Passive Mode (|||{port}|)"
        await self._say("425 Failed to establish connection." if port is None else opened)

    def _listened(self) -> int | None:
        try:
            return self._data.listen()
        except OSError:
            self._recorder.connection.counters.add("decoys_data_ports_failed")
            return None

    async def _port(self, argument: str) -> None:
        port = port_of(argument, self._recorder.connection.info.src[0])
        await self._active("500 Illegal PORT command." if port is None else port, "PORT", "PASV")

    async def _eprt(self, argument: str) -> None:
        await self._active(extended_port_of(argument, self._recorder.connection.info.src[0]), "EPRT", "EPSV")

    async def _active(self, port: int | str, name: str, better: str) -> None:
        if self._extended_only:
            port = "550 Permission denied."
        if isinstance(port, str):
            await self._say(port)
            return
        self._data.connect_to(port)
        await self._say(f"200 {name} command successful. Consider using {better}.")

    async def _pbsz(self, _argument: str) -> None:
        await self._say("200 PBSZ set to 0." if self._secure else "503 PBSZ needs a secure connection.")

    async def _prot(self, argument: str) -> None:
        if not self._secure:
            await self._say("503 PROT needs a secure connection.")
        elif argument.upper() in ("C", "P"):
            self._private = argument.upper() == "P"
            await self._say(f"200 PROT now {'Private' if self._private else 'Clear'}.")
        else:
            await self._say("504 PROT not supported.")

    async def _list(self, argument: str) -> None:
        words = argument.split()
        options = "".join(word[1:] for word in words if word.startswith("-"))
        path = " ".join(word for word in words if not word.startswith("-"))
        if not await self._needs_data():
            return
        text = await self._listing(path, hidden="a" in options, names_only="1" in options)
        listed = text.encode("utf-8", "surrogateescape")
        await self._send("150 Here comes the directory listing.", listed, "226 Directory send OK.")

    async def _listing(self, path: str, *, hidden: bool, names_only: bool = False) -> str:
        """Return the lines of a directory; none for one that is not there, as vsftpd does."""
        files, access = self._shell.files, self._shell.access
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
        return listing(rows, self._shell.now, self._shell.date)

    async def _retr(self, argument: str) -> None:
        if not await self._needs_data():
            return
        size = self._file(argument).size
        content = self._shell.files.read(argument, self._shell.access)
        opened = await self._opened(
            f"150 Opening {'BINARY' if self._binary else 'ASCII'} mode data connection for {argument} ({size} bytes)."
        )
        place, self._offset = self._offset, 0
        if opened is None:
            return
        try:
            while piece := piece_of(content, place, PIECE):
                await opened.write(piece)
                place += len(piece)
                await turn.give_way()
        finally:
            opened.socket.close()
        await self._say("226 Transfer complete.")

    async def _stor(self, argument: str) -> None:
        await self._stored(argument, append=False)

    async def _appe(self, argument: str) -> None:
        await self._stored(argument, append=True)

    async def _stou(self, argument: str) -> None:
        if not await self._needs_data():
            return
        base = argument or "STOU"
        free = (base, *(f"{base}.{number}" for number in range(1, 100)))
        name = next((one for one in free if not self._shell.files.exists(one, self._shell.access)), base)
        await self._stored(name, append=False, words=f"150 FILE: {name}")

    async def _stored(self, argument: str, *, append: bool, words: str = "150 Ok to send data.") -> None:
        if not await self._needs_data():
            return
        files, access = self._shell.files, self._shell.access
        files.write(argument, b"", access, append=True)  # whether it may be written there
        opened = await self._opened(words)
        if opened is None:
            return
        try:
            data, size = await self._received(opened)
        finally:
            opened.socket.close()
        try:
            for _ in self._recorder.uploading(self._absolute(argument), data, size):
                await turn.give_way()
        finally:
            self._shell.lease.hold(-len(data))
        files.write(argument, data, access, append=append)
        await self._say("226 Transfer complete.")

    async def _received(self, opened: Connection) -> tuple[bytes, int]:
        """Return what is kept of an upload, held under the session's lease, and its size."""
        kept, size = bytearray(), 0
        try:
            while piece := await opened.read():
                size += len(piece)
                piece = piece[: max(0, self._limits.upload_bytes - len(kept))]
                if piece and self._shell.lease.hold(len(piece)):
                    kept += piece
                await turn.give_way()
        except (OSError, ConnectionEnded):
            pass  # what has come is evidence
        return bytes(kept), size

    def _named(self, path: str) -> str:
        """Return the path that a command names; raises FileSystemError for none. A tilde is the account's home."""
        if not path:
            raise FileSystemError("No such file or directory")
        return self._shell.user.home + path[1:] if path == "~" or path.startswith("~/") else path

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._shell.cwd, path))

    async def _needs_data(self) -> bool:
        if not self._data.ready:
            await self._say("425 Use PORT or PASV first.")
        return self._data.ready

    async def _opened(self, words: str) -> Connection | None:
        """Return the connection of a transfer, after saying that it begins; None when there is none, which is said."""
        try:
            plain = await self._data.open()
        except OSError:
            await self._say("425 Failed to establish connection.")
            return None
        await self._say(words)
        if not self._private or self._tls is None:
            return plain
        try:
            return await self._tls.secured(plain)
        except (OSError, ConnectionEnded):
            plain.socket.close()
            await self._say("522 SSL connection failed: session reuse required")
            return None

    async def _send(self, words: str, data: bytes, done: str) -> None:
        opened = await self._opened(words)
        if opened is None:
            return
        try:
            await opened.write(data)
        finally:
            opened.socket.close()
        await self._say(done)


_HANDLERS: dict[str, Callable[[FtpSession, str], Awaitable[None]]] = {
    "FEAT": FtpSession._feat, "PWD": FtpSession._pwd, "CWD": FtpSession._cwd, "CDUP": FtpSession._cdup,
    "TYPE": FtpSession._type, "MODE": FtpSession._mode, "STRU": FtpSession._stru, "OPTS": FtpSession._opts,
    "REST": FtpSession._rest, "SITE": FtpSession._site, "SIZE": FtpSession._size, "MDTM": FtpSession._mdtm,
    "MKD": FtpSession._mkd, "RMD": FtpSession._rmd, "DELE": FtpSession._dele, "RNFR": FtpSession._rnfr,
    "RNTO": FtpSession._rnto, "STAT": FtpSession._stat, "PASV": FtpSession._pasv, "EPSV": FtpSession._epsv,
    "PORT": FtpSession._port, "EPRT": FtpSession._eprt, "PBSZ": FtpSession._pbsz, "PROT": FtpSession._prot,
    "LIST": FtpSession._list, "RETR": FtpSession._retr, "STOR": FtpSession._stor, "APPE": FtpSession._appe,
    "STOU": FtpSession._stou, "USER": FtpSession._user,
}  # fmt: skip
_FAILED = {
    "CWD": "550 Failed to change directory.", "CDUP": "550 Failed to change directory.",
    "SIZE": "550 Could not get file size.", "MDTM": "550 Could not get file modification time.",
    "MKD": "550 Create directory operation failed.", "RMD": "550 Remove directory operation failed.",
    "DELE": "550 Delete operation failed.", "RNFR": "550 RNFR command failed.", "RNTO": "550 Rename failed.",
    "RETR": "550 Failed to open file.", "STOR": "553 Could not create file.", "APPE": "553 Could not create file.",
}  # fmt: skip
