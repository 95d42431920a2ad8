# SPDX-License-Identifier: MIT
"""How a line of the shell is left before its end: control flow of the played language, not errors."""

INTERRUPTED, KILLED, BROKEN_PIPE = 128 + 2, 128 + 9, 128 + 13
"""Exit status of a command ended by SIGINT, SIGKILL or SIGPIPE (POSIX.1-2017, Shell Command Language §2.8.2)."""


class _Leaving(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ExitShell(_Leaving):
    """`exit` was run."""


class ReturnFunction(_Leaving):
    """`return` was run."""


class LoopJump(Exception):
    """`break` or `continue` was run."""

    def __init__(self, *, repeat: bool) -> None:
        super().__init__(repeat)
        self.repeat = repeat
