# SPDX-License-Identifier: MIT
"""The names of the signals, and how `kill -l` lists them: bash in a table, dash and BusyBox one a line (signal(7))."""

from decnet_decoys.shell.call import Call

_NAMES = """
HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ
VTALRM PROF WINCH IO PWR SYS
"""
SIGNALS = tuple(_NAMES.split())
LAST_SIGNAL = 64
_REAL_TIME = {
    34: "RTMIN", **{34 + n: f"RTMIN+{n}" for n in range(1, 16)}, **{64 - n: f"RTMAX-{n}" for n in range(14, 0, -1)},
    64: "RTMAX",
}  # fmt: skip
_NUMBERS_OF_BASH = {"EXIT": 0, "DEBUG": 65, "ERR": 66, **{name: number for number, name in enumerate(SIGNALS, 1)}}
"""By name, with what else bash takes for signals, as `trap` does."""
_WITH_POLL = tuple("POLL" if name == "IO" else name for name in SIGNALS)
"""As procps and BusyBox list them."""
MAX_ASKED = 64


def is_signal(text: str) -> bool:
    """Return whether that is the number or the name of a signal."""
    is_number = text.isdecimal() and len(text) < 4 and int(text) <= LAST_SIGNAL
    return is_number or text.upper().removeprefix("SIG") in SIGNALS


def list_signals(call: Call, asked: list[str]) -> int:
    """List all signals as `kill -l` does, or the numbers or names of some; returns the exit status."""
    if call.is_program:
        return _of_procps(call, asked)
    if call.shell.dash:
        return _of_dash(call, asked)
    if call.shell.ash and not asked:
        return list_as_busybox(call)
    status = 0
    for one in asked[:MAX_ASKED]:
        told = _named_by_bash(one)
        if told:
            call.print(told)
        else:
            status = call.shell_error(f"kill: {one}: invalid signal specification")
    if not asked:
        _table(call)
    return status


def list_as_busybox(call: Call) -> int:
    """List the signals as BusyBox does."""
    for number, name in enumerate(_WITH_POLL, 1):
        call.print(f"{number:2}) {name}")
    return 0


def _name(number: int) -> str:
    return SIGNALS[number - 1] if 0 < number <= len(SIGNALS) else _REAL_TIME.get(number, "")


def _number(text: str) -> int:
    """Return a number of up to three digits, -1 for another text."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 4 else -1


def _named_by_bash(asked: str) -> str:
    """Return the name of a number or exit status, or the number of a name; empty if there is no such signal."""
    number = _number(asked)
    if number == 0:
        return "EXIT"
    if number > 0:
        return _name(number - 128 if number > 128 else number)
    return str(_NUMBERS_OF_BASH.get(asked.upper().removeprefix("SIG"), ""))


def _of_procps(call: Call, asked: list[str]) -> int:
    status = 0
    for one in asked[:MAX_ASKED]:
        told = _named_by_bash(one)
        if told and _number(one) != 0:
            call.print(told)
        else:
            call.print_error(f"{call.path}: unknown signal name {one}")
            status = 1
    if not asked:
        call.print("\n".join(" ".join(_WITH_POLL[start : start + 16]) for start in (0, 16)))
    return status


def _named_by_dash(number: int) -> str:
    return "16" if number == 16 else _name(number) or str(number)


def _of_dash(call: Call, asked: list[str]) -> int:
    """Name the signal of the first number or exit status, or list all: those without a name by their numbers."""
    if not asked:
        for number in range(LAST_SIGNAL + 1):
            call.print(_named_by_dash(number))
        return 0
    number = _number(asked[0])
    if number < 0:
        return call.shell_error(f"kill: Illegal number: {asked[0]}", 2)
    if number > LAST_SIGNAL:
        number -= 128
    if not 0 <= number <= LAST_SIGNAL:
        return call.shell_error(f"kill: invalid signal number or exit status: {asked[0]}", 2)
    call.print(_named_by_dash(number))
    return 0


def _table(call: Call) -> None:
    """List all as bash does, five in a line."""
    cells = [f"{number:2}) SIG{_name(number)}" for number in range(1, LAST_SIGNAL + 1) if _name(number)]
    for start in range(0, len(cells), 5):
        call.print("\t".join(cells[start : start + 5]) + ("\t" if start + 5 > len(cells) else ""))
