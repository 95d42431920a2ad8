# SPDX-License-Identifier: MIT
"""loginctl and timedatectl: who is logged in, and what time it is (loginctl(1), timedatectl(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.programs import command

_SESSION = 4
"""The visitor's, as journalctl tells it."""


@command("loginctl", families=("debian",))
def loginctl(call: Call) -> int:
    """List sessions or users, of which the visitor's is the only one; or show that one."""
    shell, verb = call.shell, next(iter(call.words), "list-sessions")
    bare, user = "--no-legend" in call.args, shell.user
    terminal = "pts/0" if shell.terminal is not None else ""
    if verb in ("list-sessions", "list-users"):
        sessions = verb == "list-sessions"
        head, row = (
            ("SESSION UID USER SEAT TTY  ", f"{_SESSION:>7} {user.uid:>3} {user.name:<4}      {terminal:<5}")
            if sessions
            else ("UID USER LINGER", f"{user.uid:>3} {user.name:<4} no    ")
        )
        call.print(row if bare else f"{head}\n{row}\n\n1 {'sessions' if sessions else 'users'} listed.")
        return 0
    if verb in ("session-status", "show-session", "user-status", "show-user"):
        asked = call.words[1] if len(call.words) > 1 else str(_SESSION)
        if verb.endswith("session") and asked not in (str(_SESSION), "self", "auto"):
            call.print_error(f"Failed to get session path: No session '{asked[:64]}' known")
            return 1
        since = shell.date("%a %Y-%m-%d %H:%M:%S UTC", shell.now - 1)
        call.print(f"{_SESSION} - {user.name} ({user.uid})\n           Since: {since}; 1s ago")
        call.print(f"          Leader: {shell.pid - 12} (sshd)\n          Remote: {shell.origin.address}")
        call.print("         Service: sshd; type tty; class user\n           State: active")
        return 0
    if verb in ("list-seats", "terminate-session", "kill-session", "enable-linger", "disable-linger", "lock-session"):
        call.print("SEAT\nseat0\n\n1 seats listed." if verb == "list-seats" else "", end="\n" * (verb == "list-seats"))
        return 0
    call.print_error(f"Unknown command verb {verb[:64]}.")
    return 1


_TIME = "%a %Y-%m-%d %H:%M:%S"


@command("timedatectl", families=("debian",))
def timedatectl(call: Call) -> int:
    """Show the clock and its zone; root's changes are taken without a word."""
    shell, verb = call.shell, next(iter(call.words), "status")
    name, (zone, offset) = "Etc/UTC", ("UTC", 0)
    if verb == "status":
        now = shell.now
        call.print(
            f"               Local time: {shell.date(_TIME, now + offset)} {zone}\n"
            f"           Universal time: {shell.date(_TIME, now)} UTC\n"
            f"                 RTC time: {shell.date(_TIME, now)}\n"
            f"                Time zone: {name} ({zone}, +0000)\n"
            "System clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no"
        )
        return 0
    if verb == "show":
        call.print(
            f"Timezone={name}\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=yes\n"
            f"TimeUSec={shell.date(_TIME)} UTC\nRTCTimeUSec={shell.date(_TIME)} UTC"
        )
        return 0
    if verb in ("set-timezone", "set-time", "set-ntp", "set-local-rtc"):
        if len(call.words) < 2:
            call.print_error("Too few arguments.")
            return 1
        return 0 if shell.identity.uid == 0 else call.fail("Access denied", 1)
    call.print_error(f"Unknown command verb {verb[:64]}.")
    return 1
