# SPDX-License-Identifier: MIT
"""What bash's reserved word `time` tells of a pipeline, and BusyBox's applet of a command."""

import re

from decnet_decoys.shell.programs import BUILTINS
from decnet_decoys.shell.state import ShellState
from decnet_decoys.shell.syntax.nodes import Pipeline, Simple

_DIRECTIVE = re.compile(r"%([0-9]?)(l?)([RUSP%])")
MAX_LAYOUT = 1000
"""Characters of $TIMEFORMAT."""
_START = 0.003
"""Seconds that a small program takes to start and end, of which a third is its own work."""


def took_text(shell: ShellState, pipeline: Pipeline, seconds: float, commands: int) -> str:
    """Return the report on a pipeline that took so long by the clock and ran so many commands."""
    started = 0 if _only_builtins(pipeline) else min(commands, 1000)
    work = started * _START * (1 + shell.random() % 100 / 100)
    real, user, system = seconds + work, work / 3, work / 5
    layout = shell.variables.get("TIMEFORMAT")
    if layout is not None and pipeline.timed != "time -p" and shell.machine.persona.family == "debian":
        told = _laid_out(layout[:MAX_LAYOUT], {"R": real, "U": user, "S": system})
        return f"{told}\n" if told else ""
    if pipeline.timed == "time -p":
        return f"real {real:.2f}\nuser {user:.2f}\nsys {system:.2f}\n"
    head, gap, digits = ("", "m ", 2) if shell.machine.persona.family == "busybox" else ("\n", "m", 3)
    rows = (("real", real), ("user", user), ("sys", system))
    return head + "".join(f"{name}\t{int(value // 60)}{gap}{value % 60:.{digits}f}s\n" for name, value in rows)


def _laid_out(layout: str, times: dict[str, float]) -> str:
    """Return what $TIMEFORMAT makes of the times (bash(1)): `%3lR`, `%U`, `%P`, `%%`."""

    def shown(match: re.Match[str]) -> str:
        digits, long, letter = match.groups()
        if letter == "%":
            return "%"
        if letter == "P":
            return f"{min(100.0, 100 * (times['U'] + times['S']) / (times['R'] or 1)):.2f}"
        places = min(3, int(digits or 3))
        value = times[letter]
        return f"{int(value // 60)}m{value % 60:.{places}f}s" if long else f"{value:.{places}f}"

    return _DIRECTIVE.sub(shown, layout)


def _only_builtins(pipeline: Pipeline) -> bool:
    (first, *others) = pipeline.commands
    if others or not isinstance(first, Simple) or not first.words:
        return False
    return "".join(part.text for part in first.words[0]) in BUILTINS
