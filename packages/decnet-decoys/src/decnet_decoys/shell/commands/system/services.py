# SPDX-License-Identifier: MIT
"""Services in the way of init scripts: service, invoke-rc.d, /etc/init.d, update-rc.d (service(8), update-rc.d(8))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.systemd.systemctl import one_unit
from decnet_decoys.shell.commands.systemd.units import all_units, find_unit, full_name
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.machine.files.unit_files import services
from decnet_decoys.shell.programs import command

_SERVICE = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]"
_VERBS = frozenset(("start", "stop", "restart", "reload", "force-reload", "try-restart", "status"))


@command("service", "invoke-rc.d", folder="/usr/sbin", families=("debian",))
def service(call: Call) -> Effects:
    """Do what systemctl does, in the order of arguments that init scripts had."""
    if "--status-all" in call.args:
        stopped = call.shell.machine.condition.stopped
        units = yield from all_units(call.shell)
        made = {unit.bare for unit in units if unit.path.startswith("/etc/")}
        for name in sorted({*services(call.shell.machine.persona), *made}):
            if not name.startswith("systemd-"):
                call.print(f" [ {'-' if name in stopped or name in made else '+'} ]  {name}")
        return 0
    if not call.args:
        call.print_error(_SERVICE)
        return 1
    name, verb = call.args[0], call.args[1] if len(call.args) > 1 else ""
    if find_unit(call.shell, name) is None:
        script = f"/etc/init.d/{name[:64]}"
        missing = f"unknown initscript, {script} not found." if call.name == "invoke-rc.d" else "unrecognized service"
        call.print_error(f"{call.name if call.name == 'invoke-rc.d' else name[:64]}: {missing}")
        return 100 if call.name == "invoke-rc.d" else 1
    if verb not in _VERBS:
        call.print_error(f"Usage: /etc/init.d/{name} {{start|stop|status|restart|reload|force-reload}}")
        return 2 if not verb else 1
    return one_unit(call, "reload-or-restart" if verb == "force-reload" else verb, full_name(name))


_UPDATE_USAGE = """\
usage: update-rc.d [-f] <basename> remove
       update-rc.d [-f] <basename> defaults
       update-rc.d [-f] <basename> defaults-disabled
       update-rc.d <basename> disable|enable [S|2|3|4|5]
\t\t-f: force

The disable|enable API is not stable and might change in the future."""


@command("update-rc.d", folder="/usr/sbin", families=("debian",))
def update_rc(call: Call) -> int:
    """Enable or disable a service whose init script there is."""
    name = next(iter(call.words), "")
    if not name:
        return call.fail(f"error: not enough arguments\n{_UPDATE_USAGE}")
    if call.words[1:2] == ["remove"]:
        return 0
    if not call.shell.files.exists(f"/etc/init.d/{name}"):
        return call.fail(f"error: unable to read /etc/init.d/{name}")
    return 0
