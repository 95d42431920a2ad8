# SPDX-License-Identifier: MIT
"""systemctl: what is started, stopped and enabled stays so, for others too (systemctl(1))."""

import posixpath
from contextlib import suppress

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, options
from decnet_decoys.shell.commands.systemd import unit_listings
from decnet_decoys.shell.commands.systemd.units import (
    Unit,
    active_state,
    file_state,
    find_unit,
    full_name,
    is_masked,
    start,
    stop,
)
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.files.unit_files import MADE
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

_LONG = {
    "all": "a", "failed": "failed", "force": "f", "full": "l", "help": "h", "host": "H:", "machine": "M:",
    "kill-whom": "kill-whom:", "kill-who": "kill-whom:", "lines": "n:", "no-legend": "legend", "legend": "legend?",
    "no-pager": "pager", "no-block": "block", "no-reload": "reload", "now": "now", "output": "o:", "plain": "plain",
    "property": "p:", "quiet": "q", "recursive": "r", "runtime": "runtime", "signal": "s:", "state": "state:",
    "system": "system", "type": "t:", "user": "user", "value": "value", "version": "version", "global": "global",
    "no-ask-password": "ask", "root": "root:", "job-mode": "job:", "no-wall": "wall", "reverse": "reverse",
    "show-types": "types", "with-dependencies": "deps", "wait": "wait", "what": "what:", "timestamp": "stamp:",
    "check-inhibitors": "inhibit:", "dry-run": "dry", "message": "message:", "preset-mode": "preset:",
    "ignore-dependencies": "ignore", "mkdir": "mkdir", "marked": "marked", "read-only": "ro", "image": "image:",
    "firmware-setup": "setup", "show-transaction": "transaction",
}  # fmt: skip
_STARTING = ("start", "restart", "reload-or-restart")
_STOPPING = ("stop", "kill", "clean", "freeze")
_RUNNING = (*_STARTING, *_STOPPING, "reload", "try-restart", "condrestart", "try-reload-or-restart", "isolate", "thaw")
_INSTALLING = ("enable", "disable", "mask", "unmask", "reenable", "preset", "link", "revert")
_OF_UNITS = (*_RUNNING, *_INSTALLING, "status", "is-active", "is-enabled", "is-failed", "cat", "show", "edit", "help",
             "list-dependencies", "set-property", "add-wants", "add-requires", "set-default")  # fmt: skip
MAX_NAMED = 20
"""Units of one call."""


@command("systemctl", families=("debian",))
def systemctl(call: Call) -> Effects:
    """Show units; root starts, stops, enables and masks them."""
    found = options(call, "HMP:Tafhiln:o:p:qrs:t:", _LONG)
    verb, *names = found.operands or ["list-units"]
    if "version" in found:
        call.print("systemd 252 (252.30-1~deb12u2)\n+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP")
        return 0
    listing = _LISTINGS.get(verb)
    if listing is not None:
        return (yield from listing(call, found, names))
    if verb not in _OF_UNITS or not (names or verb in ("status", "show")):
        return _of_the_manager(call, verb)
    status = 0
    for name in names[:MAX_NAMED] or ["ssh.service"]:
        yield from turn()
        status = one_unit(call, verb, name, found) or status
    return status


def _list_nothing(call: Call, _found: Options, _patterns: list[str]) -> Effects:
    yield from turn()
    call.print("0 loaded units listed.")
    return 0


_LISTINGS = {
    "list-units": unit_listings.list_units, "list-unit-files": unit_listings.list_unit_files,
    "list-timers": unit_listings.list_timers,
    **dict.fromkeys(("list-sockets", "list-jobs", "list-machines", "list-automounts"), _list_nothing),
}  # fmt: skip
_OF_MANAGER = {
    "daemon-reload": "", "reset-failed": "", "daemon-reexec": "", "is-system-running": "running",
    "get-default": "multi-user.target", "import-environment": "", "set-environment": "", "unset-environment": "",
    "show-environment": "LANG=en_US.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}  # fmt: skip
"""What the verbs that are about the manager itself write."""
_SHOWING = ("is-system-running", "get-default", "show-environment")
_GOING_DOWN = ("reboot", "poweroff", "halt", "rescue", "emergency", "suspend", "hibernate", "kexec", "default")


def _of_the_manager(call: Call, verb: str) -> int:
    """Do what is about the manager itself."""
    if verb in _OF_MANAGER and (verb in _SHOWING or call.shell.identity.uid == 0):
        text = _OF_MANAGER[verb]
        call.print(text, end="\n" * bool(text))
        return 0
    if verb in _OF_MANAGER:
        return call.fail("Access denied")
    if verb in _GOING_DOWN:
        root = call.shell.identity.uid == 0
        call.print_error("Failed to talk to init daemon." if root else "Interactive authentication required.")
        return 1
    call.print_error("Too few arguments." if verb in _OF_UNITS else f"Unknown command verb {verb[:32]}.")
    return 1


def one_unit(call: Call, verb: str, name: str, found: Options | None = None) -> int:
    """Do with one unit what the verb says; returns the exit status."""
    shell, name = call.shell, full_name(name[:255])
    found = found if found is not None else Options({}, [])
    if verb == "show":
        return _show(call, name, found)
    if verb == "is-enabled":
        return _is_enabled(call, name)
    if verb in _INSTALLING:
        return _install(call, verb, name, found)
    unit = find_unit(shell, name)
    return _without_unit(call, verb, name) if unit is None else _with_unit(call, verb, unit, found)


def _with_unit(call: Call, verb: str, unit: Unit, found: Options) -> int:
    state = active_state(call.shell, unit)
    if verb in ("is-active", "is-failed"):
        call.print("" if "q" in found else state, end="\n" * ("q" not in found))
        return (0 if state == "active" else 3) if verb == "is-active" else int(state != "failed")
    if verb == "status":
        return unit_listings.status(call, unit)
    if verb == "cat":
        call.print(f"# {unit.path}\n{unit.text}", end="")
    elif verb == "list-dependencies":
        call.print(f"{unit.name}\n\u25cf \u251c\u2500system.slice\n\u25cf \u2514\u2500sysinit.target")
    elif verb in _RUNNING:
        if call.shell.identity.uid != 0:
            call.print_error(f"Failed to {verb} {unit.name}: Access denied")
            return 4
        _run(call, verb, unit, state)
    return 0


def _run(call: Call, verb: str, unit: Unit, state: str) -> None:
    if verb in _STOPPING:
        stop(call.shell, unit)
    elif verb in _STARTING or state == "active":
        start(call.shell, unit)


def _without_unit(call: Call, verb: str, name: str) -> int:
    masked = is_masked(call.shell, name)
    if verb in ("is-active", "is-failed") or (verb == "status" and masked) or verb == "list-dependencies":
        loaded = f"\u25cb {name}\n     Loaded: masked (Reason: Unit {name} is masked.)\n     Active: inactive (dead)"
        call.print({"status": loaded, "list-dependencies": name}.get(verb, "inactive"))
        return {"is-failed": 1, "list-dependencies": 0}.get(verb, 3)
    state = "not loaded" if verb in _STOPPING else "not found"
    message, status = {
        "status": (f"Unit {name} could not be found.", 4), "cat": (f"No files found for {name}.", 1),
    }.get(verb, (f"Failed to {verb} {name}: Unit {name} {state}.", 5))  # fmt: skip
    if masked:
        message, status = f"Failed to {verb} {name}: Unit {name} is masked.", 1
    call.print_error(message)
    return status


def _show(call: Call, name: str, found: Options) -> int:
    shown = unit_listings.properties(call.shell, name)
    wanted = [one for given in [*found.values.get("p", []), *found.values.get("P", [])] for one in given.split(",")]
    for key, value in shown.items():
        if not wanted or key in wanted[:64]:
            call.print(value if "value" in found or "P" in found else f"{key}={value}")
    return 0


def _is_enabled(call: Call, name: str) -> int:
    unit = find_unit(call.shell, name)
    if is_masked(call.shell, name):
        call.print("masked")
        return 1
    if unit is None:
        call.print_error(f"Failed to get unit file state for {name}: No such file or directory")
        return 1
    state = "alias" if unit.name != name and "@" not in name else file_state(call.shell, unit)
    call.print(state)
    return int(state == "disabled")


def _install(call: Call, verb: str, name: str, found: Options) -> int:
    shell = call.shell
    if shell.identity.uid != 0:
        call.print_error(f"Failed to {verb} unit: Access denied")
        return 1
    unit, place = find_unit(shell, name), f"{MADE}/{name}"
    if verb in ("mask", "unmask"):
        return _mask(call, verb, name, unit, found)
    if unit is None and not is_masked(shell, name):
        call.print_error(f"Failed to {verb} unit: Unit file {name} does not exist.")
        return 1
    if shell.files.exists(f"/etc/init.d/{name.removesuffix('.service')}") and verb in ("enable", "disable"):
        call.print_error(
            f"Synchronizing state of {name} with SysV service script with /lib/systemd/systemd-sysv-install.\n"
            f"Executing: /lib/systemd/systemd-sysv-install {verb} {name.removesuffix('.service')}"
        )
    if unit is None:
        call.print_error(f"Failed to {verb} unit: Unit file {place} is masked.")
        return 1
    if verb in ("disable", "reenable"):
        _unlink(call, unit.links)
    if verb in ("enable", "reenable", "preset"):
        for link in unit.links:
            _link(call, link, unit.path)
    if "now" in found:
        (start if verb == "enable" else stop)(shell, unit)
    return 0


def _mask(call: Call, verb: str, name: str, unit: Unit | None, found: Options) -> int:
    place, masked = f"{MADE}/{name}", is_masked(call.shell, name)
    if verb == "unmask":
        if unit is None and not masked:
            call.print_error(f"Unit {name} does not exist, proceeding anyway.")
        _unlink(call, [place] if masked else [])
        return 0
    if unit is not None and unit.path == place:
        call.print_error(f"Failed to mask unit: File {place} already exists.")
        return 1
    if unit is None and not masked:
        call.print_error(f"Unit {name} does not exist, proceeding anyway.")
    if not masked:
        with suppress(FileSystemError):  # an alias of that name
            call.shell.files.remove(place, call.shell.access)
        _link(call, place, "/dev/null")
    if unit is not None and "now" in found:
        stop(call.shell, unit)
    return 0


def _link(call: Call, link: str, target: str) -> None:
    files = call.shell.files
    if files.entry(link) is not None:
        return
    with suppress(FileSystemError):
        files.mkdir(posixpath.dirname(link), call.shell.access)
    with suppress(FileSystemError):
        files.link(target, link, call.shell.access)
        call.print_error(f"Created symlink {link} \u2192 {target}.")


def _unlink(call: Call, links: list[str]) -> None:
    for link in links[::-1]:
        if call.shell.files.entry(link) is not None:
            with suppress(FileSystemError):
                call.shell.files.remove(link, call.shell.access)
                call.print_error(f'Removed "{link}".')
