# SPDX-License-Identifier: MIT
"""systemd-analyze, systemd-run, systemd-cgls and localectl (systemd-analyze(1), systemd-run(1), localectl(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import tried
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.commands.systemd.units import active_state, all_units, main_process
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.programs import command


@command("systemd-analyze", families=("debian",))
def systemd_analyze(call: Call) -> Effects:
    """Show how long the start took, as a whole or by unit."""
    verb = next(iter(call.words), "time")
    if verb == "time":
        call.print("Startup finished in 2.114s (kernel) + 6.882s (userspace) = 8.996s \n"
                   "graphical.target reached after 6.431s in userspace.")  # fmt: skip
    elif verb == "blame":
        for index, unit in enumerate((yield from all_units(call.shell))):
            yield from turn()
            call.print(f"{2300 // (index + 1):>6}ms {unit.name}")
    elif verb == "calendar":
        if len(call.words) < 2:
            call.print_error("Too few arguments.")
            return 1
        call.print(f"  Original form: {call.words[1][:64]}")
    elif verb in ("critical-chain", "dump", "plot", "verify", "security", "unit-paths", "log-level", "cat-config"):
        return 0
    else:
        call.print_error(f"Unknown command verb {verb[:64]}.")
        return 1
    return 0


_VALUED = frozenset(
    ("--unit", "--property", "-p", "--slice", "--uid", "--gid", "--nice", "--working-directory", "-E", "--setenv",
     "--on-active", "--on-boot", "--on-calendar", "--on-startup", "--description")
)  # fmt: skip


@command("systemd-run", families=("debian",))
def systemd_run(call: Call) -> Effects:
    """Run a program as a unit of a name that is made up for it."""
    args, unit, asked = list(call.args), "", False
    if args in (["--help"], ["-h"]):
        call.print("systemd-run [OPTIONS...] COMMAND [ARGUMENTS...]\n")
        return 0
    while args and args[0].startswith("-"):
        name, equals, value = args.pop(0).partition("=")
        value = value if equals or name not in _VALUED or not args else args.pop(0)
        unit = value if name == "--unit" else unit
        asked = asked or name.startswith(("--on-", "--scope", "--pipe", "--pty", "--wait", "-t", "-P"))
    if not args and not asked:
        call.print_error("Command line to execute required.")
        return 1
    if call.shell.identity.uid != 0:
        call.print_error("Failed to start transient service unit: Interactive authentication required.")
        return 1
    if not args:
        return 0
    call.print_error(f"Running as unit: {unit[:128] or f'run-r{call.shell.pid:032x}'}.service")
    found = yield from started(call, args)
    return found if asked else 0


@command("systemd-cgls", families=("debian",))
def systemd_cgls(call: Call) -> Effects:
    """Show which unit each process is of."""
    call.print(
        "Control group /:\n-.slice\n\u251c\u2500init.scope \n\u2502 \u2514\u25001 /sbin/init\n\u2514\u2500system.slice "
    )
    units = yield from all_units(call.shell)
    running = [unit for unit in units if active_state(call.shell, unit) == "active"]
    for index, unit in enumerate(running):
        yield from turn()
        process = main_process(call.shell, unit)
        last = index + 1 == len(running)
        if process is not None:
            call.print(f"  {chr(0x2514 if last else 0x251C)}\u2500{unit.name} ")
            call.print(f"  {' ' if last else chr(0x2502)} \u2514\u2500{process.pid} {process.command}")
    return 0


@command("localectl", families=("debian",))
def localectl(call: Call) -> int:
    """Show language and keyboard."""
    verb = next(iter(call.words), "status")
    if verb == "status":
        call.print("System Locale: LANG=en_US.UTF-8\n    VC Keymap: (unset)\n   X11 Layout: us\n    X11 Model: pc105")
    elif verb == "list-locales":
        call.print("C.UTF-8\nen_US.UTF-8")
    elif verb.startswith("set-"):
        return 0 if call.shell.identity.uid == 0 else call.fail("Access denied")
    else:
        call.print_error(f"Unknown command verb {verb[:64]}.")
        return 1
    return 0


@command("telinit", folder="/usr/sbin", families=("debian",))
def telinit(call: Call) -> int:
    """Refuse to go to another runlevel."""
    level = next(iter(call.words), "")
    if level not in tuple("0123456sSqQuU") or not level:
        raise tried(call, "invalid argument")
    if call.shell.identity.uid != 0:
        return call.fail("must be superuser.")
    return 0 if level in "35qQuU" else call.fail("Failed to talk to init daemon.")
