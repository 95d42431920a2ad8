# SPDX-License-Identifier: MIT
"""What GNU inetutils' telnetd 2.4 negotiates before login(1) runs, which is Debian 12's server. Sans-IO.

It asks and waits, unlike BusyBox's: a client that does not answer gets no prompt, and one that answers before it is
asked gets none either. So each phase ends when those answers have come, which is looked at after each segment, as the
server does after each read(2). The client's environment is recorded but has no effect, as in Debian's version with the
fixes of CVE-2026-24061; its characters of line mode (RFC 1184) are acknowledged.
"""

from collections import defaultdict
from typing import Final

from decnet_decoys.telnet.negotiated_option import NegotiatedOption
from decnet_decoys.telnet.options import IAC, window_of
from decnet_decoys.telnet.subnegotiations import acknowledged, environment_of
from decnet_decoys.telnet.terminal_types import KNOWN

BINARY, ECHO, SGA, STATUS, TIMING_MARK, LOGOUT = 0, 1, 3, 5, 6, 18
TERMINAL, NAWS, SPEED, FLOW, LINE_MODE, DISPLAY = 24, 31, 32, 33, 34, 35
OLD_ENVIRONMENT, AUTHENTICATION, ENCRYPTION, ENVIRONMENT = 36, 37, 38, 39
_SE, _EOF, _SUSPEND, _ABORT = 240, 236, 237, 238
_BREAK, _INTERRUPT, _ABORT_OUTPUT, _ARE_YOU_THERE, _ERASE, _KILL = 243, 244, 245, 246, 247, 248
_SB, _WILL, _WONT, _DO, _DONT, _MARK = 250, 251, 252, 253, 254, 242
_IS, _SEND = 0, 1
_KEYS = {
    _EOF: 0x04, _SUSPEND: 0x1A, _ABORT: 0x1C, _BREAK: 0x1C, _INTERRUPT: 0x03, _ABORT_OUTPUT: 0x0F, _ERASE: 0x7F,
    _KILL: 0x15, IAC: IAC,
}  # fmt: skip
"""Which key of its terminal a command presses."""
_FLUSHING = b"\x03\x1a\x1c"
"""Keys at which a terminal drops its output; the client is told with a data mark."""
_LITERAL: Final = 0x16
"""The key after which the next one is taken as it is."""
_OURS: Final = frozenset((BINARY, ECHO, SGA, STATUS, ENCRYPTION))
_FIRST = (TERMINAL, SPEED, DISPLAY, ENVIRONMENT, OLD_ENVIRONMENT)
_THEIRS: Final = frozenset((BINARY, SGA, NAWS, FLOW, LINE_MODE, AUTHENTICATION, ENCRYPTION, *_FIRST))
_LONGEST: Final = 512
"""Bytes of a subnegotiation; more are dropped."""
_MOST_VARIABLES: Final = 16
"""Variables of the environment that are kept."""
_TEXT, _COMMAND, _SUBNEGOTIATION, _SUB_COMMAND = range(4)
_ANSWERS, _DESCRIPTION, _TERMINAL_TYPE, _ECHOING, _READY = range(5)


class Negotiation:
    """Reads one client's bytes, as `options.Options` does for the other server."""

    opening: Final = bytes((IAC, _WILL, AUTHENTICATION, IAC, _WILL, ENCRYPTION)) + b"".join(
        bytes((IAC, _DO, option)) for option in _FIRST
    )

    def __init__(self) -> None:
        self.size = (80, 24)
        self.echo = True
        """Whether the client wants its input echoed."""
        self.left = False
        """Whether the client has asked to be logged out."""
        self.terminal = "network"
        self.offered: dict[str, str] = {}
        """What the client said of itself: its terminal, speed, display and environment."""
        self._ours: dict[int, NegotiatedOption] = defaultdict(NegotiatedOption)
        self._theirs: dict[int, NegotiatedOption] = defaultdict(NegotiatedOption)
        self._answers = bytearray()
        self._typed = bytearray()
        self._state: int = _TEXT  # of _TEXT and so on, or the command whose option comes next
        self._after_cr = False
        self._literal = False
        self._subnegotiation = bytearray()
        self._phase = _ANSWERS
        self._described: set[int] = set()
        self._types: list[str] = []  # the first unknown type, and the last
        self._list_ended = False
        self._characters: bytes | None = None
        self._line_mode = ""  # or "real", or "kludge": without its own option, by SUPPRESS-GO-AHEAD
        for option in (AUTHENTICATION, ENCRYPTION):
            self._ours[option].request(on=True)
        for option in _FIRST:
            self._theirs[option].request(on=True)

    @property
    def ready(self) -> bool:
        """Whether the client sees what login prints."""
        return self._phase == _READY

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what was typed, with CR for each end of line, and what has to be sent in answer."""
        for byte in data:
            if self.left:
                break
            if self._state == _TEXT:
                self._text(byte)
            elif self._state == _COMMAND:
                self._command(byte)
            elif self._state in (_SUBNEGOTIATION, _SUB_COMMAND):
                self._in_subnegotiation(byte)
            else:
                command, self._state = self._state, _TEXT
                self._option(command, byte)
        while self._phase != _READY and self._phase_over():
            self._next_phase()
        typed, answers = bytes(self._typed), bytes(self._answers)
        self._typed.clear()
        self._answers.clear()
        return typed, answers

    def escaped(self, data: bytes) -> bytes:
        """Return what a terminal prints as it is sent: IAC twice, and a NUL after a CR that ends no line."""
        data = data.replace(b"\xff", b"\xff\xff")
        if self._ours[BINARY].agreed:
            return data
        return data.replace(b"\r", b"\r\0").replace(b"\r\0\n", b"\r\n")

    def _text(self, byte: int) -> None:
        after_cr, self._after_cr = self._after_cr, byte == 13 and not self._theirs[BINARY].agreed
        if byte == IAC:
            self._state = _COMMAND
        elif not (after_cr and byte in b"\n\0"):
            self._press(byte)

    def _press(self, key: int) -> None:
        if key in _FLUSHING and self.ready and not self._literal:
            self._answers += bytes((IAC, _MARK))
        self._literal = key == _LITERAL and not self._literal
        self._typed.append(key if self._theirs[BINARY].agreed else key & 0x7F)  # ISTRIP of termios(3)

    def _command(self, byte: int) -> None:
        self._state = _TEXT
        if byte == _SB:
            self._subnegotiation.clear()
            self._state = _SUBNEGOTIATION
        elif byte in (_WILL, _WONT, _DO, _DONT):
            self._state = byte
        elif byte == _ARE_YOU_THERE:
            self._answers += b"\r\n[Yes]\r\n"
        elif byte in _KEYS:
            if byte == _ABORT_OUTPUT:
                self._answers += bytes((IAC, _MARK))
            self._press(_KEYS[byte])

    def _in_subnegotiation(self, byte: int) -> None:
        if self._state == _SUB_COMMAND and byte != IAC:  # what is not its end is a command after it
            self._described_by(bytes(self._subnegotiation))
            self._state = _TEXT
            if byte != _SE:
                self._command(byte)
        elif self._state == _SUBNEGOTIATION and byte == IAC:
            self._state = _SUB_COMMAND
        else:
            self._state = _SUBNEGOTIATION
            if len(self._subnegotiation) < _LONGEST:
                self._subnegotiation.append(byte)

    # What the client will and wants.

    def _option(self, command: int, option: int) -> None:
        theirs = command in (_WILL, _WONT)
        on = command in (_WILL, _DO)
        side = (self._theirs if theirs else self._ours)[option]
        side.answered(on=on)
        if option == TIMING_MARK or (option == LOGOUT and command == _DO):
            self._without_state(command, option)
            return
        if not side.is_asked(on=on):
            if command == _WILL:
                self._confirmed(option)
        elif on and option not in (_THEIRS if theirs else _OURS):
            side.refuse()
            self._send(_DONT if theirs else _WONT, option)
        else:
            self._changed(command, option, side)
        side.agreed = on

    def _without_state(self, command: int, option: int) -> None:
        if command == _DO:
            self._send(_WILL, option)
            self.left = self.left or option == LOGOUT
        elif command == _WILL and not self._line_mode:
            self._line_mode = "kludge"
            self._request(_WONT, SGA)
        elif command == _WONT and self._line_mode != "real":
            self._line_mode = ""
            self._request(_WILL, SGA)
            self._request(_WILL, ECHO)

    def _changed(self, command: int, option: int, side: NegotiatedOption) -> None:
        on = command in (_WILL, _DO)
        side.wanted = on
        if option == ECHO and command in (_DO, _DONT) and not self._line_mode:
            self.echo = on
        if on or side.agreed:
            self._send({_WILL: _DO, _DO: _WILL, _WONT: _DONT, _DONT: _WONT}[command], option)
        if command == _WILL and option != FLOW:  # of which it speaks to those that it asked
            self._confirmed(option)
        elif command == _WONT:
            self._described.add(option)  # a client that turns an option off will not say more

    def _confirmed(self, option: int) -> None:
        """Do what follows when the client has an option, asked for or not."""
        if option == ECHO:
            self._request(_DONT, ECHO)
        elif option == LINE_MODE:
            self._line_mode = "real"
            self._answers += bytes((IAC, _SB, LINE_MODE, 1, 3, IAC, _SE, 0))  # its buffer's NUL goes out, too
        elif option == FLOW:
            self._answers += bytes((IAC, _SB, FLOW, 3, IAC, _SE, 0))
        elif option == AUTHENTICATION:
            self._answers += bytes((IAC, _SB, AUTHENTICATION, _SEND, 2, 2, 2, 0, IAC, _SE))  # Kerberos 5
        elif option == ENCRYPTION:
            self._answers += bytes((IAC, _SB, ENCRYPTION, 1, IAC, _SE))  # and no method

    def _send(self, command: int, option: int) -> None:
        self._answers += bytes((IAC, command, option))

    def _request(self, command: int, option: int) -> None:
        side = (self._theirs if command in (_DO, _DONT) else self._ours)[option]
        if side.request(on=command in (_DO, _WILL)):
            self._send(command, option)

    # What the client says of itself.

    def _described_by(self, said: bytes) -> None:
        option, qualifier, rest = (said[0], said[1:2], said[2:]) if said else (-1, b"", b"")
        if option == NAWS and self._theirs[NAWS].agreed and len(said) >= 5:  # the option, two numbers
            self.size = window_of(said[1:5])
        elif option == STATUS and qualifier == b"\x01" and self._ours[STATUS].agreed:
            self._answers += self._status()
        elif option == LINE_MODE and qualifier == b"\x03" and self._theirs[LINE_MODE].agreed:
            self._line_characters(rest)
        elif option in (TERMINAL, SPEED) and self._theirs[option].agreed:
            self._described.add(option)
            if qualifier == b"\0":
                self._kept({TERMINAL: "terminal", SPEED: "speed"}[option], rest)
            if option == TERMINAL and qualifier == b"\0":
                self.terminal = rest.decode("ascii", "replace").lower()
        elif option in (DISPLAY, ENVIRONMENT, OLD_ENVIRONMENT) and qualifier == b"\0":
            self._described.add(option)
            if option == DISPLAY:
                self._kept("display", rest)
            else:
                self._variables(rest)

    def _kept(self, name: str, value: bytes) -> None:
        self.offered[name] = value.decode("utf-8", "backslashreplace")

    def _variables(self, said: bytes) -> None:
        for name, value in environment_of(said):
            if sum(key.startswith("environment ") for key in self.offered) < _MOST_VARIABLES:
                self._kept("environment " + name.decode("utf-8", "backslashreplace"), value)

    def _line_characters(self, said: bytes) -> None:
        if not self.ready:
            self._characters = said if self._characters is None else self._characters
            return
        if answer := acknowledged(said):
            self._answers += bytes((IAC, _SB, LINE_MODE, 3)) + answer + bytes((IAC, _SE))

    def _status(self) -> bytes:
        said = bytearray((IAC, _SB, STATUS, _IS))
        for option in range(ENVIRONMENT + 1):
            if self._ours[option].wanted:
                said += bytes((_WILL, option))
            if self._theirs[option].wanted:
                said += bytes((_DO, option))
        if self._theirs[FLOW].wanted:
            said += bytes((_SB, FLOW, 1, _SE, _SB, FLOW, 3, _SE))
        return bytes(said) + bytes((IAC, _SE))

    # What it waits for.

    def _phase_over(self) -> bool:
        theirs = self._theirs
        if self._phase == _ANSWERS:
            return not (self._ours[ENCRYPTION].unanswered or any(theirs[option].unanswered for option in _FIRST))
        if self._phase == _DESCRIPTION:
            return all(option in self._described for option in _FIRST if theirs[option].agreed)
        if self._phase == _TERMINAL_TYPE:
            return TERMINAL in self._described or not theirs[TERMINAL].agreed
        return not theirs[NAWS].unanswered and not (
            theirs[NAWS].agreed and theirs[ECHO].wanted and theirs[ECHO].unanswered
        )

    def _asked(self) -> list[int]:
        """Return of which options the client is asked what they are: one of the two environments."""
        order = (SPEED, DISPLAY, ENVIRONMENT, OLD_ENVIRONMENT, TERMINAL)
        asked = [option for option in order if self._theirs[option].agreed]
        return [option for option in asked if option != OLD_ENVIRONMENT or ENVIRONMENT not in asked]

    def _next_phase(self) -> None:
        if self._phase == _ANSWERS:
            self._phase = _DESCRIPTION
            for option in self._asked():
                self._answers += bytes((IAC, _SB, option, _SEND, IAC, _SE))
        elif self._phase in (_DESCRIPTION, _TERMINAL_TYPE):
            self._judge_terminal()
        else:
            self._begin_login()

    def _judge_terminal(self) -> None:
        """Ask for another type until one is known, the list ends (RFC 1091: its last is said twice) or starts again."""
        named = "terminal" in self.offered and self._theirs[TERMINAL].agreed
        if not named or self.terminal in KNOWN or self._list_ended:
            self.terminal = self._types[0] if self._list_ended else self.terminal
            self._to_echoing()
            return
        self._list_ended = bool(self._types) and self._types[-1] == self.terminal
        if self._list_ended and self._types[0] == self.terminal:
            self._to_echoing()
            return
        self._types = [*self._types[:1], self.terminal]
        self._phase = _TERMINAL_TYPE
        self._described.discard(TERMINAL)
        self._answers += bytes((IAC, _SB, TERMINAL, _SEND, IAC, _SE))

    def _to_echoing(self) -> None:
        self._phase = _ECHOING
        if not self._ours[SGA].agreed:
            self._request(_WILL, SGA)
        for command, option in ((_DO, ECHO), (_DO, LINE_MODE), (_DO, NAWS), (_WILL, STATUS), (_DO, FLOW)):
            self._request(command, option)

    def _begin_login(self) -> None:
        self._phase = _READY
        if self._theirs[ECHO].wanted:
            self._option(_WILL, ECHO)  # a client that did not answer counts as one that echoes
        self._request(_WILL, ECHO)
        if self._line_mode != "real":
            self._theirs[TIMING_MARK].unanswered += 1
            self._send(_DO, TIMING_MARK)
        self._request(_DO, BINARY)
        if self._line_mode == "real":
            self._request(_DONT, LINE_MODE)
        if self._characters is not None:
            self._line_characters(self._characters)
