# SPDX-License-Identifier: MIT
"""Commands about services: systemctl, service, update-rc.d (systemctl(1)). What is stopped stays so, for others too."""

import posixpath
from contextlib import suppress

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.machine.condition import MAX_STOPPED, service_of
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command

_ALWAYS = ("cron", "dbus", "systemd-journald", "systemd-logind", "systemd-timesyncd", "systemd-udevd")
_VERBS = frozenset(("start", "stop", "restart", "reload", "enable", "disable", "mask", "unmask", "kill", "try-restart"))


_SHOWING_NAMES = """
status is-active is-enabled is-failed cat show edit help reenable preset isolate link set-default get-default
reload-or-restart condrestart
"""
_OF_UNITS = _VERBS | frozenset(_SHOWING_NAMES.split())


def _known(call: Call) -> list[str]:
    machine = call.shell.machine
    own = (service_of(one.process) for one in machine.persona.listeners if one.process)
    made = [name for name in _made(call) if name.endswith(".service")]
    return sorted({*own, *_ALWAYS, "ssh", *(name.removesuffix(".service") for name in made)})


def _made(call: Call) -> list[str]:
    folder = "/etc/systemd/system"
    return call.shell.files.names(folder) if call.shell.files.exists(folder) else []


@command("systemctl", families=("debian",))
def systemctl(call: Call) -> int:
    """Show services; root starts and stops them."""
    if "--version" in call.args:
        call.print("systemd 252 (252.30-1~deb12u2)\n+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP")
        return 0
    verb, *units = call.words or ["list-units"]
    if verb.startswith("list"):
        _list(call, verb)
        return 0
    if not units or verb not in _OF_UNITS:
        return _without_units(call, verb)
    status = 0
    for unit in units[:20]:
        status = _one(call, verb, unit.removesuffix(".service")) or status
    return status


def _without_units(call: Call, verb: str) -> int:
    """Do what is about the manager itself."""
    if verb in ("daemon-reload", "reset-failed", "daemon-reexec"):
        return 0 if call.shell.identity.uid == 0 else call.fail("Access denied", 1)
    if verb == "is-system-running":
        call.print("running")
        return 0
    if verb == "get-default":
        call.print("multi-user.target")
        return 0
    call.print_error("Too few arguments." if verb in _OF_UNITS else f"Unknown command verb {verb[:32]}.")
    return 1


def _list(call: Call, verb: str) -> None:
    bare = "--no-legend" in call.args
    stopped, known = call.shell.machine.condition.stopped, _known(call)
    if verb == "list-unit-files":
        if not bare:
            call.print("UNIT FILE                STATE    PRESET")
        for name in known:
            off = name in call.shell.machine.condition.disabled
            call.print(f"{name + '.service':<24} {'disabled' if off else 'enabled':<8} enabled")
        if not bare:
            call.print(f"\n{len(known)} unit files listed.")
        return
    if not bare:
        call.print(f"  {'UNIT':<26} LOAD   ACTIVE SUB     DESCRIPTION")
    running = [name for name in known if name not in stopped]
    for name in running:
        call.print(f"  {name + '.service':<26} loaded active running {name}")
    if bare:
        return
    call.print("\nLOAD   = Reflects whether the unit definition was properly loaded.")
    call.print("ACTIVE = The high-level unit activation state, i.e. generalization of SUB.")
    call.print("SUB    = The low-level unit activation state, values depend on unit type.")
    call.print(f"{len(running)} loaded units listed.")


def _one(call: Call, verb: str, unit: str) -> int:
    condition = call.shell.machine.condition
    if unit not in _known(call):
        return _unknown(call, verb, unit)
    active, enabled = unit not in condition.stopped, unit not in condition.disabled
    if verb in ("is-active", "is-enabled"):
        call.print(
            ("active" if active else "inactive") if verb == "is-active" else "enabled" if enabled else "disabled"
        )
        return (0 if active else 3) if verb == "is-active" else int(not enabled)
    if verb == "status":
        return _status(call, unit, active=active, enabled=enabled)
    if verb == "cat":
        call.print(f"# /lib/systemd/system/{unit}.service\n[Unit]\nDescription={unit}")
    elif verb not in _VERBS:
        call.print_error(f"Unknown command verb {verb[:32]}.")
        return 1
    elif call.shell.identity.uid != 0:
        call.print_error(f"Failed to {verb} {unit}.service: Access denied")
        return 4
    else:
        _changed(call, verb, unit)
    return 0


def _changed(call: Call, verb: str, unit: str) -> None:
    condition, persona, now = call.shell.machine.condition, call.shell.machine.persona, "--now" in call.args
    if verb in ("stop", "kill") or (now and verb in ("disable", "mask")):
        condition.stop(unit)
    elif verb in ("start", "restart", "try-restart") or (now and verb == "enable"):
        condition.start(unit, persona)
    link = f"/etc/systemd/system/multi-user.target.wants/{unit}.service"
    if verb in ("disable", "mask") and unit not in condition.disabled and len(condition.disabled) < MAX_STOPPED:
        condition.disabled.append(unit)
        _unlink(call, link)
        call.print_error(f'Removed "{link}".')
    elif verb in ("enable", "unmask") and (unit in condition.disabled or f"{unit}.service" in _made(call)):
        condition.disabled = [name for name in condition.disabled if name != unit]
        folder = "/etc/systemd/system" if f"{unit}.service" in _made(call) else "/lib/systemd/system"
        if not call.shell.files.exists(link):
            with suppress(FileSystemError):
                call.shell.files.mkdir(posixpath.dirname(link), call.shell.access)
            call.shell.files.link(f"{folder}/{unit}.service", link, call.shell.access)
        call.print_error(f"Created symlink {link} \u2192 {folder}/{unit}.service.")


def _unlink(call: Call, link: str) -> None:
    with suppress(FileSystemError):
        call.shell.files.remove(link, call.shell.access)


def _status(call: Call, unit: str, *, active: bool, enabled: bool) -> int:
    since = call.shell.date("%a %Y-%m-%d %H:%M:%S UTC", call.shell.machine.booted)
    mark, state = ("\u25cf", f"active (running) since {since}") if active else ("\u25cb", "inactive (dead)")
    call.print(f"{mark} {unit}.service - {unit}")
    state_of_file = "enabled" if enabled else "disabled"
    call.print(f"     Loaded: loaded (/lib/systemd/system/{unit}.service; {state_of_file}; preset: enabled)")
    call.print(f"     Active: {state}")
    return 0 if active else 3


def _unknown(call: Call, verb: str, unit: str) -> int:
    if verb == "is-active":
        call.print("inactive")
        return 3
    if verb == "status":
        call.print_error(f"Unit {unit}.service could not be found.")
        return 4
    if verb in ("enable", "disable", "is-enabled"):
        call.print_error(f"Failed to {verb} unit: Unit file {unit}.service does not exist.")
        return 1
    state = "not loaded" if verb in ("stop", "kill") else "not found"
    call.print_error(f"Failed to {verb} {unit}.service: Unit {unit}.service {state}.")
    return 5


_SERVICE = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]"


@command("service", "invoke-rc.d", folder="/usr/sbin", families=("debian",))
def service(call: Call) -> int:
    """Do what systemctl does, in the order of arguments that init scripts had."""
    if "--status-all" in call.args:
        stopped = call.shell.machine.condition.stopped
        for name in _known(call):
            call.print(f" [ {'-' if name in stopped else '+'} ]  {name}")
        return 0
    if not call.args:
        call.print_error(_SERVICE)
        return 1
    name, verb = call.args[0], call.args[1] if len(call.args) > 1 else ""
    if name not in _known(call):
        call.print_error(f"{name[:64]}: unrecognized service")
        return 1
    if not verb:
        call.print_error(f"Usage: /etc/init.d/{name} {{start|stop|status|restart|reload|force-reload}}")
        return 2
    return _one(call, verb, name)


_UPDATE_USAGE = """\
usage: update-rc.d [-f] <basename> remove
       update-rc.d [-f] <basename> defaults
       update-rc.d [-f] <basename> defaults-disabled
       update-rc.d <basename> disable|enable [S|2|3|4|5]
\t\t-f: force

The disable|enable API is not stable and might change in the future."""


@command("update-rc.d", "chkconfig", "rc-service", folder="/usr/sbin", families=("debian",))
def update_rc(call: Call) -> int:
    """Enable or disable a service whose init script there is."""
    if call.name != "update-rc.d":
        return call.shell_error(f"{call.name}: command not found", 127)
    name = next(iter(call.words), "")
    if not call.shell.files.exists(f"/etc/init.d/{name}") or not name:
        return call.fail(
            f"error: unable to read /etc/init.d/{name}" if name else f"error: not enough arguments\n{_UPDATE_USAGE}"
        )
    return 0
