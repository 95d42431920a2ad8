# SPDX-License-Identifier: MIT
"""What vsftpd 3.0.3 answers to somebody who has logged in; its words were read off the real server."""

import time

from decnet_decoys.evidence.session_recorder import SessionRecorder
from decnet_decoys.ftp import files, transfers
from decnet_decoys.ftp.client import FtpClient, Handler
from decnet_decoys.ftp.data import DataChannel
from decnet_decoys.ftp.lines import features, mode_of
from decnet_decoys.services.connection import Connection
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.state import ShellState
from decnet_decoys.tls.offer import TlsOffer

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
_ALIASES = {"XCWD": "CWD", "XCUP": "CDUP", "XPWD": "PWD", "XMKD": "MKD", "XRMD": "RMD", "P@SW": "PASV"}


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
        private: bool = False,
        umask: int = 0o022,
    ) -> None:
        """Whether the control connection is `secure`, and data `private`, was agreed before the log-in."""
        context = recorder.context
        data = DataChannel(connection, context.settings.limits, context.data_ports)
        self._client = FtpClient(shell, connection, recorder, data, tls, secure, private)
        shell.umask = umask
        self._began = time.monotonic()

    def close(self) -> None:
        self._client.data.close()

    async def answer(self, name: str, argument: str) -> None:
        """Answer one command, which has been recorded."""
        meant = _ALIASES.get(name, name)
        handler = _HANDLERS.get(meant)
        line = f"{name} {argument}".rstrip()
        known = handler is not None or name in _FIXED
        self._client.recorder.command(line, known=known, moment=time.monotonic() - self._began)
        if handler is None:
            await self._client.say(_FIXED.get(name, "500 Unknown command."))
            return
        try:
            await handler(self._client, argument)
        except FileSystemError:
            await self._client.say(_FAILED.get(meant, "550 Permission denied."))


async def _feat(client: FtpClient, _argument: str) -> None:
    await client.say(features(tls=client.tls is not None))


async def _user(client: FtpClient, argument: str) -> None:
    same = argument == client.shell.user.name
    await client.say("331 Any password will do." if same else "530 Can't change to another user.")


async def _type(client: FtpClient, argument: str) -> None:
    kind = argument.upper()
    if kind not in ("I", "L8", "L 8", "A", "A N"):
        await client.say("500 Unrecognised TYPE command.")
        return
    client.binary = kind[0] != "A"
    await client.say(f"200 Switching to {'Binary' if client.binary else 'ASCII'} mode.")


async def _mode(client: FtpClient, argument: str) -> None:
    await client.say("200 Mode set to S." if argument.upper() == "S" else "504 Bad MODE command.")


async def _stru(client: FtpClient, argument: str) -> None:
    await client.say("200 Structure set to F." if argument.upper() == "F" else "504 Bad STRU command.")


async def _opts(client: FtpClient, argument: str) -> None:
    utf8 = argument.upper() == "UTF8 ON"
    await client.say("200 Always in UTF8 mode." if utf8 else "501 Option not understood.")


async def _rest(client: FtpClient, argument: str) -> None:
    client.offset = int(argument) if argument.isdecimal() and len(argument) < 15 else 0
    await client.say(f"350 Restart position accepted ({client.offset}).")


async def _site(client: FtpClient, argument: str) -> None:
    name, _, given = argument.partition(" ")
    if name.upper() == "UMASK":
        await _site_umask(client, given)
        return
    if name.upper() == "CHMOD":
        await _site_chmod(client, given)
        return
    await client.say("214 CHMOD UMASK HELP" if name.upper() == "HELP" else "500 Unknown SITE command.")


async def _site_chmod(client: FtpClient, given: str) -> None:
    mode, space, path = given.partition(" ")
    if not space:
        await client.say("500 SITE CHMOD needs 2 arguments.")
        return
    try:
        client.shell.files.change(path, client.shell.access, mode=mode_of(mode))
    except FileSystemError:
        await client.say("550 SITE CHMOD command failed.")
    else:
        await client.say("200 SITE CHMOD command ok.")


async def _site_umask(client: FtpClient, given: str) -> None:
    words = "UMASK set to" if given else "Your current UMASK is"
    shell = client.shell
    shell.umask = mode_of(given) & 0o777 if given else shell.umask
    await client.say(f"200 {words} {'0' if shell.umask else ''}{shell.umask:o}")


async def _stat(client: FtpClient, argument: str) -> None:
    if argument:
        text = await files.directory_lines(client, argument, hidden=True)
        await client.say(f"213-Status follows:\n{text.replace(chr(13), '')}213 End of status")
        return
    encrypted = "encrypted" if client.secure else "plain text"
    await client.say(
        f"211-FTP server status:\n     Connected to {client.source}\n     Logged in as {client.shell.user.name}\n"
        f"     TYPE: {'BINARY' if client.binary else 'ASCII'}\n     No session bandwidth limit\n"
        f"     Session timeout in seconds is 300\n     Control connection is {encrypted}\n"
        f"     Data connections will be {'encrypted' if client.private else 'plain text'}\n"
        "     At session startup, client count was 1\n     vsFTPd 3.0.3 - secure, fast, stable\n211 End of status"
    )


_HANDLERS: dict[str, Handler] = {
    "FEAT": _feat, "USER": _user, "TYPE": _type, "MODE": _mode, "STRU": _stru, "OPTS": _opts, "REST": _rest,
    "SITE": _site, "STAT": _stat, **files.HANDLERS, **transfers.HANDLERS,
}  # fmt: skip
_FAILED = {
    "CWD": "550 Failed to change directory.", "CDUP": "550 Failed to change directory.",
    "SIZE": "550 Could not get file size.", "MDTM": "550 Could not get file modification time.",
    "MKD": "550 Create directory operation failed.", "RMD": "550 Remove directory operation failed.",
    "DELE": "550 Delete operation failed.", "RNFR": "550 RNFR command failed.", "RNTO": "550 Rename failed.",
    "RETR": "550 Failed to open file.", "STOR": "553 Could not create file.", "APPE": "553 Could not create file.",
}  # fmt: skip
