# SPDX-License-Identifier: MIT
"""What GNU inetutils' telnetd 2.4 negotiates before login(1) runs, which is Debian 12's server. Sans-IO.

It asks and waits, unlike BusyBox's: a client that does not answer gets no prompt, and one that answers before it is
asked gets none either. So each phase ends when those answers have come, which is looked at after each segment, as the
server does after each read(2). The client's environment is recorded but has no effect, as in Debian's version with the
fixes of CVE-2026-24061; its characters of line mode (RFC 1184) are acknowledged.
"""

from collections import defaultdict
from typing import Final

from decnet_decoys.telnet.inetutils_reader import DO, DONT, SB, SE, WILL, WONT, Reader
from decnet_decoys.telnet.negotiated_option import NegotiatedOption
from decnet_decoys.telnet.options import IAC, window_of
from decnet_decoys.telnet.subnegotiations import acknowledged, environment_of
from decnet_decoys.telnet.terminal_types import KNOWN

BINARY, ECHO, SGA, STATUS, TIMING_MARK, LOGOUT = 0, 1, 3, 5, 6, 18
TERMINAL, NAWS, SPEED, FLOW, LINE_MODE, DISPLAY = 24, 31, 32, 33, 34, 35
OLD_ENVIRONMENT, AUTHENTICATION, ENCRYPTION, ENVIRONMENT = 36, 37, 38, 39
_IS, _SEND = 0, 1
_OURS: Final = frozenset((BINARY, ECHO, SGA, STATUS, ENCRYPTION))
_FIRST = (TERMINAL, SPEED, DISPLAY, ENVIRONMENT, OLD_ENVIRONMENT)
_THEIRS: Final = frozenset((BINARY, SGA, NAWS, FLOW, LINE_MODE, AUTHENTICATION, ENCRYPTION, *_FIRST))
_MOST_VARIABLES: Final = 16
"""Variables of the environment that are kept."""
_EDITED_AND_TRAPPED, _LITERAL_ECHO = 3, 16
"""Modes of line mode (RFC 1184)."""
_ANSWERS, _DESCRIPTION, _TERMINAL_TYPE, _ECHOING, _READY = range(5)


class Negotiation(Reader):
    """Reads one client's bytes, as `options.Options` does for the other server."""

    opening: Final = bytes((IAC, WILL, AUTHENTICATION, IAC, WILL, ENCRYPTION)) + b"".join(
        bytes((IAC, DO, option)) for option in _FIRST
    )

    def __init__(self) -> None:
        super().__init__()
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
        self._phase = _ANSWERS
        self._described: set[int] = set()
        self._types: list[str] = []  # the first unknown type, and the last
        self._list_ended = False
        self._characters: bytes | None = None
        self._state_said = b""  # what answers a question for the state, until an option is changed
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
            self._read(byte)
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

    @property
    def _binary(self) -> bool:
        return self._theirs[BINARY].agreed

    # What the client will and wants.

    def _option(self, command: int, option: int) -> None:
        theirs = command in (WILL, WONT)
        on = command in (WILL, DO)
        side = (self._theirs if theirs else self._ours)[option]
        side.answered(on=on)
        if option == TIMING_MARK or (option == LOGOUT and command == DO):
            self._without_state(command, option)
            return
        if not side.is_asked(on=on):
            if command == WILL:
                self._confirmed(option)
        elif on and option not in (_THEIRS if theirs else _OURS):
            side.refuse()
            self._send(DONT if theirs else WONT, option)
        else:
            self._changed(command, option, side)
        side.agreed = on

    def _without_state(self, command: int, option: int) -> None:
        if command == DO:
            self._send(WILL, option)
            self.left = self.left or option == LOGOUT
        elif command == WILL and not self._line_mode:
            self._line_mode = "kludge"
            self._request(WONT, SGA)
        elif command == WONT and self._line_mode != "real":
            self._line_mode = ""
            self._request(WILL, SGA)
            self._request(WILL, ECHO)

    def _changed(self, command: int, option: int, side: NegotiatedOption) -> None:
        on = command in (WILL, DO)
        side.wanted = on
        self._state_said = b""
        if option == ECHO and command in (DO, DONT) and not self._line_mode:
            self.echo = on
        if on or side.agreed:
            self._send({WILL: DO, DO: WILL, WONT: DONT, DONT: WONT}[command], option)
        if command == WILL and option != FLOW:  # of which it speaks to those that it asked
            self._confirmed(option)
        elif command == WONT:
            self._described.add(option)  # a client that turns an option off will not say more

    def _confirmed(self, option: int) -> None:
        """Do what follows when the client has an option, asked for or not."""
        if option == ECHO:
            self._request(DONT, ECHO)
        elif option == LINE_MODE:
            self._line_mode = "real"
            mode = _LITERAL_ECHO if self._phase == _ANSWERS else _EDITED_AND_TRAPPED  # it has no terminal before
            self._answers += bytes((IAC, SB, LINE_MODE, 1, mode, IAC, SE, 0))  # its buffer's NUL goes out, too
        elif option == FLOW:
            self._answers += bytes((IAC, SB, FLOW, 3, IAC, SE, 0))
        elif option == AUTHENTICATION:
            self._answers += bytes((IAC, SB, AUTHENTICATION, _SEND, 2, 2, 2, 0, IAC, SE))  # Kerberos 5
        elif option == ENCRYPTION:
            self._answers += bytes((IAC, SB, ENCRYPTION, 1, IAC, SE))  # and no method

    def _send(self, command: int, option: int) -> None:
        self._answers += bytes((IAC, command, option))

    def _request(self, command: int, option: int) -> None:
        side = (self._theirs if command in (DO, DONT) else self._ours)[option]
        if side.request(on=command in (DO, WILL)):
            self._state_said = b""
            self._send(command, option)

    # What the client says of itself.

    def _described_by(self, said: bytes) -> None:
        option, qualifier, rest = (said[0], said[1:2], said[2:]) if said else (-1, b"", b"")
        if option == NAWS and self._theirs[NAWS].agreed and len(said) >= 5:  # the option, two numbers
            self.size = window_of(said[1:5])
        elif option == STATUS and qualifier == b"\x01" and self._ours[STATUS].agreed:
            self._state_said = self._state_said or self._status()
            self._answers += self._state_said
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
            self._answers += bytes((IAC, SB, LINE_MODE, 3)) + answer + bytes((IAC, SE))

    def _status(self) -> bytes:
        said = bytearray((IAC, SB, STATUS, _IS))
        for option in range(ENVIRONMENT + 1):
            if self._ours[option].wanted:
                said += bytes((WILL, option))
            if self._theirs[option].wanted:
                said += bytes((DO, option))
        if self._theirs[FLOW].wanted:
            said += bytes((SB, FLOW, 1, SE, SB, FLOW, 3, SE))
        return bytes(said) + bytes((IAC, SE))

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
                self._answers += bytes((IAC, SB, option, _SEND, IAC, SE))
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
        self._answers += bytes((IAC, SB, TERMINAL, _SEND, IAC, SE))

    def _to_echoing(self) -> None:
        self._phase = _ECHOING
        if not self._ours[SGA].agreed:
            self._request(WILL, SGA)
        for command, option in ((DO, ECHO), (DO, LINE_MODE), (DO, NAWS), (WILL, STATUS), (DO, FLOW)):
            self._request(command, option)

    def _begin_login(self) -> None:
        self._phase = _READY
        if self._theirs[ECHO].wanted:
            self._option(WILL, ECHO)  # a client that did not answer counts as one that echoes
        self._request(WILL, ECHO)
        if self._line_mode != "real":
            self._theirs[TIMING_MARK].unanswered += 1
            self._send(DO, TIMING_MARK)
        self._request(DO, BINARY)
        if self._line_mode == "real":
            self._request(DONT, LINE_MODE)
        if self._characters is not None:
            self._line_characters(self._characters)
