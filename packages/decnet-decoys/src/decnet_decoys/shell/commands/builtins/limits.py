# SPDX-License-Identifier: MIT
"""The builtin ulimit: what a session may use, as Debian and systemd limit it."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.programs import command


@command("ulimit", folder="")
def ulimit(call: Call) -> int:
    """Show limits."""
    if call.args:
        return _limits(call)
    call.print("unlimited")
    return 0


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


def _limits(call: Call) -> int:
    """Show all limits, or set or show the one that is named by its letter, which may stand after S or H."""
    option, *values = call.args
    if option in ("-S", "-H", "-SH", "-HS") and values:
        option, values = values[0], values[1:]
    option = f"-{option[-1:]}"
    limits = call.shell.limits
    if option == "-a":
        for line in _LIMITS.splitlines():
            head, _, value = line.rpartition(" ")
            call.print(f"{head} {limits.get(head[-2:-1], value)}")
        return 0
    line = next((line for line in _LIMITS.splitlines() if f"{option})" in line), "")
    if not values:
        call.print(limits.get(option[1:], line.rpartition(" ")[2] or "unlimited"))
        return 0
    value = values[0][:20]
    if value not in ("unlimited", "hard", "soft") and not value.isdecimal():
        return call.shell_error(f"ulimit: {value}: invalid number")
    if option == "-n" and (not value.isdecimal() or int(value) > _MOST_FILES):
        if value != "hard":
            return call.shell_error("ulimit: open files: cannot modify limit: Operation not permitted")
        value = str(_MOST_FILES)
    limits[option[1:]] = value
    return 0


_MOST_FILES = 1 << 20
"""What systemd lets a session have open."""
