# SPDX-License-Identifier: MIT
"""The builtin ulimit: what a session may use, as Debian and systemd limit it."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.programs import command


@command("ulimit", folder="")
def ulimit(call: Call) -> int:
    """Show or set the limit that a letter names, which may stand after S or H; of the size of files without one."""
    values, letters = list(call.args), ""
    while values and values[0].startswith("-"):
        letters += values.pop(0)[1:32].replace("S", "").replace("H", "")
    if "a" in letters:
        return _all(call)
    if len(letters) > 1 and not values:
        return _several(call, letters[:32])
    return _one(call, letters[-1:] or "f", values)


_LIMITS = """\
real-time non-blocking time  (microseconds, -R) unlimited
core file size              (blocks, -c) 0
data seg size               (kbytes, -d) unlimited
scheduling priority                 (-e) 0
file size                   (blocks, -f) unlimited
pending signals                     (-i) 15498
max locked memory           (kbytes, -l) 502268
max memory size             (kbytes, -m) unlimited
open files                          (-n) 1024
pipe size                (512 bytes, -p) 8
POSIX message queues         (bytes, -q) 819200
real-time priority                  (-r) 0
stack size                  (kbytes, -s) 8192
cpu time                   (seconds, -t) unlimited
max user processes                  (-u) 15498
virtual memory              (kbytes, -v) unlimited
file locks                          (-x) unlimited"""


def _one(call: Call, letter: str, values: list[str]) -> int:
    """Show the limit of a letter, or set it."""
    line = next((line for line in _LIMITS.splitlines() if f"-{letter})" in line), None)
    if line is None:
        call.shell_error(f"ulimit: -{letter}: invalid option")
        call.print_error("ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]")
        return 2
    default = line.rpartition(" ")[2]
    held = call.shell.limits.get(letter, default)
    if not values:
        call.print(held)
        return 0
    value = {"soft": held, "hard": _HARD.get(letter, default)}.get(values[0], values[0][:20])
    if value != "unlimited" and not value.isdecimal():
        return call.shell_error(f"ulimit: {value}: invalid number")
    if letter == "n" and (value == "unlimited" or int(value) > _MOST_FILES):
        return call.shell_error("ulimit: open files: cannot modify limit: Operation not permitted")
    call.shell.limits[letter] = value
    return 0


def _several(call: Call, letters: str) -> int:
    """Show the limits of several letters, each with what it is."""
    for letter in letters:
        line = next((line for line in _LIMITS.splitlines() if f"-{letter})" in line), None)
        if line is None:
            return _one(call, letter, [])
        head, _, value = line.rpartition(" ")
        call.print(f"{head} {call.shell.limits.get(letter, value)}")
    return 0


_OF_DASH = (
    ("time(seconds)", "t"), ("file(blocks)", "f"), ("data(kbytes)", "d"), ("stack(kbytes)", "s"),
    ("coredump(blocks)", "c"), ("memory(kbytes)", "m"), ("locked memory(kbytes)", "l"), ("process", "u"),
    ("nofiles", "n"), ("vmemory(kbytes)", "v"), ("locks", "x"), ("rtprio", "r"),
)  # fmt: skip
"""The lines of dash's `ulimit -a`, each with the letter of its limit."""


def _all(call: Call) -> int:
    if call.shell.dash:
        default = {line.rpartition(")")[0][-1]: line.rpartition(" ")[2] for line in _LIMITS.splitlines()}
        for title, letter in _OF_DASH:
            call.print(f"{title:<20} {call.shell.limits.get(letter, default[letter])}")
        return 0
    for line in _LIMITS.splitlines():
        head, _, value = line.rpartition(" ")
        call.print(f"{head} {call.shell.limits.get(head[-2:-1], value)}")
    return 0


_MOST_FILES = 1 << 20
"""What systemd lets a session have open."""
_HARD = {"c": "unlimited", "n": str(_MOST_FILES), "s": "unlimited"}
"""The hard limits that are not what the soft ones are at first."""
