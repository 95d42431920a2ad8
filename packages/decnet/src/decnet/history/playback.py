# SPDX-License-Identifier: MIT
"""Plays a recorded session (asciicast v2, asciinema file format) on a terminal."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.show.terminal_output import RESET, OutputFilter
from decnet_core.state import State
from decnet_models.attackers.profile import Session

_MOST_SECONDS = 3600.0


class Header(msgspec.Struct, frozen=True):
    """The first line: the size of the terminal in characters, and when the session began (s since the Unix epoch)."""

    version: int
    width: int
    height: int
    timestamp: int | None = None


class Output(msgspec.Struct, frozen=True):
    """What was shown, and how long after what was shown before it, in seconds."""

    pause: float
    text: str


class RecordingError(OperatorError):
    """The file is not a recording."""


_header = msgspec.json.Decoder(Header)
BadLine = (msgspec.MsgspecError, UnicodeDecodeError)
"""What `entry_of` raises for a damaged line."""
entry_of = msgspec.json.Decoder(tuple[float, str, str]).decode
"""Reads a line after the first: seconds since the beginning, the code ("o": output, "i": input), and the data."""


def recording_file(state: State, session: Session) -> Path:
    """Return where the recording of a session is; raises NotFoundError."""
    if session.recording is None:
        missing = "has no recording yet: it is recorded when it ends"
        raise NotFoundError(f"session {session.session} {missing if session.closed_at is None else 'was not recorded'}")
    file = state.artifact(session.recording)
    if not file.exists():
        raise NotFoundError(f"the recording {session.recording} is not in {file.parent.parent}: retention removed it")
    return file


def header_of(lines: Iterator[bytes]) -> Header:
    """Take the header from the lines of a file; RecordingError for a file that has none."""
    try:
        header = _header.decode(next(lines, b""))
    except BadLine as error:
        raise RecordingError(f"the file is not an asciicast recording: {error}") from error
    if header.version != 2 or not header.width or not header.height:
        raise RecordingError("the file is not an asciicast recording of version 2")
    return header


def outputs(lines: Iterable[bytes]) -> Iterator[Output]:
    """Yield what was shown; lines that are damaged are passed over."""
    shown_until = 0.0
    for line in lines:
        try:
            moment, code, text = entry_of(line)
        except BadLine:
            continue
        if code == "o":
            yield Output(min(max(0.0, moment - shown_until), _MOST_SECONDS), text)
            shown_until = max(shown_until, moment)


def play(
    shown: Iterable[Output],
    write: Callable[[str], None],
    *,
    speed: float | None,
    longest_pause: float,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Write what was shown, so many times faster than it happened; `speed` None: without waiting.

    `longest_pause` is in seconds of the session.
    """
    output_filter, changed = OutputFilter(), False
    try:
        for output in shown:
            if speed is not None and output.pause > 0:
                wait(min(output.pause, longest_pause) / speed)
            text = output_filter.feed(output.text)
            changed = changed or "\x1b" in text
            write(text)
    finally:
        if changed:
            write(RESET)
