# SPDX-License-Identifier: MIT
"""How a line of the shell, or a program of awk, sed or Python, is left before its end: control flow, not errors."""

INTERRUPTED, KILLED, BROKEN_PIPE, STOPPED = 128 + 2, 128 + 9, 128 + 13, 128 + 20
"""Exit status of a command ended by SIGINT, SIGKILL or SIGPIPE, or stopped by SIGTSTP.

POSIX.1-2017, Shell Command Language §2.8.2.
"""


class _Leaving(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ExitShell(_Leaving):
    """`exit` was run, or a signal ends the shell."""

    signal = ""
    """Of the signal: its name, as KILL."""


class StoppedByUser(Exception):  # a key, not an error
    """^Z was pressed in a pause, of which so many seconds were left."""

    def __init__(self, left: float) -> None:
        super().__init__(left)
        self.left = left


class ReturnFunction(_Leaving):
    """`return` was run."""


class LoopJump(Exception):
    """`break` or `continue` was run."""

    def __init__(self, *, repeat: bool, levels: int = 1) -> None:
        super().__init__(repeat, levels)
        self.repeat = repeat
        self.levels = levels
        """Loops that are left, the last of which goes on if `repeat`."""


class AwkJump(Exception):
    """break, continue, next, exit or return of an awk program was run."""

    def __init__(self, kind: str, value: float | str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


class PythonJump(Exception):
    """break, continue or return of a Python program was run."""

    def __init__(self, kind: str, value: object = None) -> None:
        super().__init__(kind)
        self.kind, self.value = kind, value


class PythonExit(Exception):
    """A Python program leaves, as sys.exit does: with a status, or with a text and 1."""

    def __init__(self, value: object = None) -> None:
        super().__init__()
        self.status = value & 255 if isinstance(value, int) else int(value is not None)
        self.text = "" if value is None or isinstance(value, int) else str(value)[:4096]


class SedQuit(Exception):
    """q or Q of a sed script was run; `shown` whether the line is printed."""

    def __init__(self, status: int, *, shown: bool) -> None:
        super().__init__(status)
        self.status, self.shown = status, shown


class SedRestart(Exception):
    """The cycle of a sed script ends; `read` whether a new line is read for the next."""

    def __init__(self, *, shown: bool, read: bool = True) -> None:
        super().__init__()
        self.shown, self.read = shown, read
