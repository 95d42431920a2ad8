# SPDX-License-Identifier: MIT
"""One session channel of asyncssh that answers requests as a dialect does, and ends as a real server's."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.encoding import decode
from decnet_decoys.ssh.behaviour.dialect import Dialect
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.wire import string

if TYPE_CHECKING:
    from decnet_decoys.ssh.behaviour.requests import Requests

_packet: Any = sys.modules["asyncssh.packet"]

WINDOW_ADJUST, EXTENDED_DATA, EOF, CLOSE, SUCCESS, FAILURE = 93, 95, 96, 97, 99, 100
STARTING = frozenset(("shell", "exec", "subsystem"))
SIGNALS = frozenset(
    ("ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2")
)
_MOST_VARIABLES = 128
_LARGEST_WINDOW = 0xFFFFFFFF


class DecoyChannel(asyncssh.SSHServerChannel[bytes]):
    def __init__(self, connection: Requests, loop: asyncio.AbstractEventLoop, dialect: Dialect, *, root: bool) -> None:
        """`root`: whether it is root who has logged in."""
        super().__init__(
            connection, loop, True, False, False, 0, 0, None, "strict", dialect.window, dialect.packet_size
        )
        self._recv_window = dialect.first_window
        self._dialect = dialect
        self._root, self._version = root, connection._client_version
        self._started = self._has_agent = self._client_closed = False
        self._client_ended = False
        self._last_words: tuple[bytes, bytes] | None = None
        """The request that tells how the command ended, until it is sent."""

    async def opened(self, theirs: int, window: int, size: int, session: Any) -> None:
        """Confirm the channel, which the client calls `theirs`."""
        self._send_chan, self._send_window, self._send_pktsize = theirs, window, size
        await self._finish_open_request(session)

    # ---- what the client asks for

    def _process_request(self, _kind: int, _number: int, packet: Any) -> None:
        name = packet.get_string().decode("utf-8", "backslashreplace")
        wants_reply = packet.get_boolean()
        if self._send_state != "open":
            return
        granted = self._granted(name, packet)
        if granted and name in STARTING:
            self._open_window()
        if wants_reply:
            self.send_packet(SUCCESS if granted else FAILURE)
        if granted and name in STARTING:
            self._started = True
            assert self._session is not None
            self._session.session_started()
            self.resume_reading()

    def _granted(self, name: str, packet: Any) -> bool:
        if self._started and name not in self._dialect.late_requests:
            return False
        if self._conn is not None:
            self._conn._remark(name.encode())  # type: ignore[attr-defined]  # ours
        if self._dialect.reads_all and name in _FIELDS:
            for read in _FIELDS[name]:
                getattr(packet, read)()
            packet.check_end()
        answer = self._dialect.grants(name, terminal=self._term_type is not None, root=self._root)
        if name == "auth-agent-req@openssh.com":
            return self._gives_agent()
        if answer is not None:
            return answer
        if not self._started and name not in (*STARTING, "pty-req", "env", "window-change"):
            return False
        if name == "env":
            return self._variable(packet)
        if name == "pty-req" and self._term_type is not None:
            raise self._dialect.pty_given_twice()
        handler = _HANDLERS.get(name)
        return handler is not None and bool(getattr(self, handler)(packet))

    def _gives_agent(self) -> bool:
        """Return whether a client's agent is forwarded: once in a connection of OpenSSH's, in a channel of others."""
        first, self._has_agent = not self._has_agent, True
        if not self._dialect.reads_all:
            return first
        return self._conn is not None and bool(self._conn.gives_agent())  # type: ignore[attr-defined]  # ours

    def _text(self, packet: Any) -> bytes:
        return self._used(self._whole_text(packet))

    def _used(self, text: bytes) -> bytes:
        """Return what the server takes of a text: dropbear's ends at a NUL."""
        return text.partition(b"\0")[0] if self._dialect.lenient else text

    def _whole_text(self, packet: Any) -> bytes:
        text: bytes = self._conn.text_in(packet) if self._conn is not None else packet.get_string()  # type: ignore[attr-defined]  # ours
        if len(text) > self._dialect.longest_text:
            raise asyncssh.ProtocolError("a text too long")
        return text

    def _process_pty_req_request(self, packet: Any) -> bool:
        if self._dialect.lenient:
            _check_modes(packet)
        return super()._process_pty_req_request(packet)

    def _process_exec_request(self, packet: Any) -> bool:
        """Run a command, of whatever bytes it is; what the server leaves out is on record."""
        whole = self._whole_text(packet)
        packet.check_end()
        command = self._used(whole)
        if command != whole and not self._started:
            assert self._session is not None
            self._session.command_cut(decode(whole))  # type: ignore[attr-defined]  # ours
        return self._start_session(command=decode(command))

    def _variable(self, packet: Any) -> bool:
        if self._dialect.lenient:
            return self._dialect.takes_environment(b"")  # of whatever name
        name, value = self._text(packet), self._text(packet)
        packet.check_end()
        taken = self._dialect.takes_environment(name)
        if taken and len(self._env) < _MOST_VARIABLES:
            self._env[name] = value
        return taken

    def _process_subsystem_request(self, packet: Any) -> bool:
        granted = super()._process_subsystem_request(packet)
        self._session_started = granted
        return granted

    def _process_signal_request(self, packet: Any) -> bool:
        """Send the command a signal, of which it dies unless it runs in a terminal (RFC 4254 §6.9)."""
        name = packet.get_string().decode("utf-8", "backslashreplace")
        if not self._started or name not in SIGNALS:
            return False
        assert self._session is not None
        if self._term_type is None:
            self._loop.call_soon(self._die, name)  # after the answer to the request
        else:
            self._session.signal_received(name)
        return True

    def _die(self, signal: str) -> None:
        if self._send_state == "open":
            self._last_words = (b"exit-signal", string(signal.encode()) + b"\0" + string(b"") * 2)
            self.write_eof()
            assert self._session is not None
            self._session.signal_received(signal)

    def _open_window(self) -> None:
        if self._recv_window < self._dialect.window and not self._dialect.first_window:
            self.send_packet(WINDOW_ADJUST, (self._dialect.window - self._recv_window).to_bytes(4, "big"))
            self._recv_window = self._dialect.window

    # ---- what the client sends

    def _process_data(self, _kind: int, _number: int, packet: Any) -> None:
        data = packet.get_string()
        packet.check_end()
        after_end = self._dialect.after_end(self._recv_chan or 0) if self._recv_state != "open" else None
        if after_end is not None:
            raise after_end
        if self._dialect.reads_all and len(data) > self._dialect.packet_size:
            return  # channel_input_data() of OpenSSH's channels.c drops what is too much for a packet
        if self._recv_state != "open" or not self._started:
            return
        if len(data) > self._recv_window:
            exceeded = self._dialect.window_exceeded(self._recv_chan or 0)
            if exceeded is not None:
                raise exceeded
            return
        self._accept_data(data)

    def _process_extended_data(self, _kind: int, _number: int, packet: Any) -> None:
        """Drop it: a client has no business with a server's standard error."""

    def _process_eof(self, _kind: int, _number: int, packet: Any) -> None:
        packet.check_end()
        self._client_ended = True
        if self._recv_state == "open":
            self._recv_state = "eof_pending"
            self._flush_recv_buf()
            if not self._started and self._dialect.closes_idle_channel:
                self.send_packet(EOF)
                self.close()

    def _process_close(self, kind: int, _number: int, packet: Any) -> None:
        if packet and not self._dialect.lenient:
            raise self._dialect.malformed(kind)
        if self._recv_state in ("open", "eof_pending", "eof") and not self._client_closed:
            self._client_closed = True
            if self._dialect.sends_by_turns and self._conn is not None:
                self._conn.at_turns_end(self._answer_close)  # type: ignore[attr-defined]  # ours
            else:
                self._answer_close()
        else:
            error = self._dialect.closed_twice(self._recv_chan or 0)
            if error is not None:
                raise error

    def _answer_close(self) -> None:
        """Close the channel that the client has closed; its number is free at once."""
        if self._conn is not None and self._recv_state in ("open", "eof_pending", "eof"):
            self._close_send()
            self._recv_state = "close_pending"
            self._flush_recv_buf()
            if self._recv_state == "closed":
                self._cleanup()

    def _process_response(self, pkttype: int, _number: int, packet: Any) -> None:
        """Overlook the answer to what was never asked."""

    def _process_window_adjust(self, kind: int, _number: int, packet: Any) -> None:
        size = len(packet.get_remaining_payload())
        if size < 4 or (size > 4 and not self._dialect.lenient):
            raise self._dialect.malformed(kind)
        adjust = packet.get_uint32()
        if self._dialect.reads_all and self._send_window + adjust > _LARGEST_WINDOW:
            raise asyncssh.ProtocolError("a window too large")
        if self._recv_state in ("open", "eof_pending", "eof"):
            self._send_window += adjust
            self._flush_send_buf()

    # ---- the end

    def exit(self, status: int) -> None:
        """Send what is left, the end, the exit status, and the close, in the order of real servers."""
        if self._send_state == "open" and self._last_words is None:
            self._last_words = (b"exit-status", status.to_bytes(4, "big"))
            self.write_eof()

    def _flush_send_buf(self) -> None:
        super()._flush_send_buf()
        said = self._last_words
        if self._send_state == "eof" and said is not None:
            self._last_words = None
            self._send_request(*said)
            if not self._client_ended and self._dialect.announces_end_of_writing(self._version):
                self._send_request(b"eow@openssh.com")
            self.close()

    _packet_handlers = asyncssh.SSHServerChannel._packet_handlers | {
        93: _process_window_adjust,
        94: _process_data,
        95: _process_extended_data,
        96: _process_eof,
        97: _process_close,
        98: _process_request,
        99: _process_response,
        100: _process_response,
    }


def _check_modes(packet: Any) -> None:
    """Refuse a terminal after whose modes something follows: get_termmodes() of dropbear's svr-chansession.c."""
    copy = _packet.SSHPacket(packet.get_remaining_payload())
    copy.get_string()
    copy.get_bytes(16)
    copy.get_string()
    copy.check_end()


_FIELDS = {
    "break": ("get_uint32",),
    "x11-req": ("get_boolean", "get_string", "get_string", "get_uint32"),
    "auth-agent-req@openssh.com": (),
}
"""What requests consist of that have no effect here (RFC 4254 §6.3, RFC 4335)."""
_HANDLERS = {
    "shell": "_process_shell_request",
    "exec": "_process_exec_request",
    "subsystem": "_process_subsystem_request",
    "pty-req": "_process_pty_req_request",
    "window-change": "_process_window_change_request",
    "signal": "_process_signal_request",
}
