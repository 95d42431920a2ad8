# SPDX-License-Identifier: MIT
"""What `systemctl` lists and shows: units, their files, timers, the state and the properties of one (systemctl(1))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options
from decnet_decoys.shell.commands.system.tables import Column, table
from decnet_decoys.shell.commands.systemd.units import (
    Unit,
    active_state,
    all_units,
    file_state,
    find_unit,
    full_name,
    is_masked,
    main_process,
)
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.state import ShellState

_OTHERS = """
-.mount mounted Root Mount|dev-hugepages.mount mounted Huge Pages File System|dev-mqueue.mount mounted POSIX Message Queue File System
-.slice active Root Slice|system.slice active System Slice|user.slice active User and Session Slice
dbus.socket running D-Bus System Message Bus Socket|systemd-journald.socket running Journal Socket
systemd-udevd-kernel.socket running udev Kernel Socket|basic.target active Basic System|cryptsetup.target active Local Encrypted Volumes
getty.target active Login Prompts|local-fs.target active Local File Systems|multi-user.target active Multi-User System
network.target active Network|network-online.target active Network is Online|paths.target active Path Units
remote-fs.target active Remote File Systems|slices.target active Slice Units|sockets.target active Socket Units
swap.target active Swaps|sysinit.target active System Initialization|timers.target active Timer Units
"""  # noqa: E501  # a table
"""Name, state and description of units that a Debian machine has loaded besides services and timers."""
_TIMERS = (
    ("dpkg-db-backup", 0, 86_400, "Daily dpkg database backup timer"),
    ("logrotate", 0, 86_400, "Daily rotation of log files"),
    ("man-db", 24_720, 86_400, "Daily man-db regeneration"),
    ("apt-daily", 33_900, 86_400, "Daily apt download activities"),
    ("apt-daily-upgrade", 22_080, 86_400, "Daily apt upgrade and clean activities"),
    ("systemd-tmpfiles-clean", 50_040, 86_400, "Daily Cleanup of Temporary Directories"),
    ("e2scrub_all", 270_600, 604_800, "Periodic ext4 Online Metadata Check for All Filesystems"),
    ("fstrim", 349_140, 604_800, "Discard unused blocks once a week"),
)
"""Name, first moment in seconds since the Unix time began, period, and description."""
_LEGEND = """
LOAD   = Reflects whether the unit definition was properly loaded.
ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
SUB    = The low-level unit activation state, values depend on unit type."""


def _wanted(found: Options, name: str, patterns: list[str]) -> bool:
    kinds = [kind for given in found.values.get("t", [])[:16] for kind in given.split(",", 16)[:16]]
    return (not kinds or name.rpartition(".")[2] in kinds) and (
        not patterns or any(matches(name, full_name(pattern)) for pattern in patterns[:16])
    )


def list_units(call: Call, found: Options, patterns: list[str]) -> Effects:
    """List what is loaded and active, or with --all, --failed and --state= others."""
    shell, rows = call.shell, []
    for unit in (yield from all_units(shell)):
        yield from turn()
        state = active_state(shell, unit)
        rows.append((unit.name, state, _sub_state(unit, state), unit.description))
    rows += [(f"{name}.timer", "active", "waiting", text) for name, _, _, text in _TIMERS]
    for one in _OTHERS.strip().replace("\n", "|").split("|"):
        name, sub, text = one.split(" ", 2)
        rows.append((name, "active", sub, text))
    states = [state for given in found.values.get("state", []) for state in given.split(",")[:16]]
    states += ["failed"] if "failed" in found else []
    chosen = [
        row
        for row in sorted(rows)
        if _wanted(found, row[0], patterns)
        and (row[1] in states or row[2] in states if states else "a" in found or row[1] != "inactive")
    ]
    columns = [Column(title) for title in ("UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION")]
    shown = [(name, "loaded", state, sub, text) for name, state, sub, text in chosen]
    for line in table(columns, shown, head="legend" not in found):
        call.print(f"{'' if 'plain' in found else '  '}{line}")
    if "legend" not in found:
        if chosen:
            call.print(_LEGEND)
        else:
            call.print("0 loaded units listed.")
            return 0
        more = "" if "a" in found or states else " Pass --all to see loaded but inactive units, too."
        call.print(f"{len(chosen)} loaded units listed.{more}")
        if not states:
            call.print("To show all installed unit files use 'systemctl list-unit-files'.")
    return 0


def _sub_state(unit: Unit, state: str) -> str:
    if state != "active":
        return "failed" if state == "failed" else "dead"
    if not unit.name.endswith(".service"):
        return "active"
    return "exited" if unit.fields.get("Type", [""])[-1] == "oneshot" else "running"


def list_unit_files(call: Call, found: Options, patterns: list[str]) -> Effects:
    """List units with a file, and whether they are started at boot."""
    shell, rows = call.shell, []
    states = [state for given in found.values.get("state", []) for state in given.split(",")[:16]]
    for unit in (yield from all_units(shell)):
        yield from turn()
        state = file_state(shell, unit)
        if _wanted(found, unit.name, patterns) and (not states or state in states):
            rows.append((unit.name, state, "-" if state == "static" else "enabled"))
    columns = [Column("UNIT FILE"), Column("STATE"), Column("PRESET")]
    for line in table(columns, rows, head="legend" not in found):
        call.print(line)
    if "legend" not in found:
        call.print(f"\n{len(rows)} unit files listed.")
    return int(not rows and bool(patterns))


def list_timers(call: Call, found: Options, _patterns: list[str]) -> Effects:
    """List when each timer has run last, and will next."""
    yield from turn()
    shell, rows = call.shell, []
    for name, first, period, _ in _TIMERS:
        after = period - (shell.now - first) % period
        before = period - after
        times = [shell.date("%a %Y-%m-%d %H:%M:%S UTC", shell.now + offset) for offset in (after, -before)]
        rows.append((after, times[0], f"{_span(after)} left", times[1], f"{_span(before)} ago", name))
    titles = ("NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES")
    shown = [(*row[1:5], f"{row[5]}.timer", f"{row[5]}.service") for row in sorted(rows)]
    for line in table([Column(title) for title in titles], shown, head="legend" not in found):
        call.print(line)
    if "legend" not in found:
        call.print(f"\n{len(rows)} timers listed.")
        if "a" not in found:
            call.print("Pass --all to see loaded but inactive timers, too.")
    return 0


def _span(seconds: int) -> str:
    """Return a duration in its two largest units, as systemd.time(7) shortens it."""
    parts = ((86_400, "day", " "), (3600, "h", ""), (60, "min", ""), (1, "s", ""))
    found = []
    for size, unit, blank in parts:
        count, seconds = divmod(seconds, size)
        if count:
            found.append(f"{count}{blank}{unit}{'s' if blank and count > 1 else ''}")
    return " ".join(found[: 1 if found and "day" in found[0] else 2]) or "0"


def status(call: Call, unit: Unit) -> int:
    """Show a unit and its process."""
    shell = call.shell
    active, stored = active_state(shell, unit), file_state(shell, unit)
    process = main_process(shell, unit) if active == "active" else None
    began = shell.machine.booted + 12 if process is not None else shell.now
    since = f"since {shell.date('%a %Y-%m-%d %H:%M:%S UTC', began)}; {_span(max(0, shell.now - began))} ago"
    mark = {"active": "\u25cf", "failed": "\u00d7"}.get(active, "\u25cb")
    state = {
        "active": f"active ({_sub_state(unit, active)}) {since}",
        "failed": f"failed (Result: exit-code) {since}",
    }.get(active, "inactive (dead)")
    preset = "" if stored == "static" else "; preset: enabled"
    call.print(f"{mark} {unit.name} - {unit.description}")
    call.print(f"     Loaded: loaded ({unit.path}; {stored}{preset})\n     Active: {state}")
    for index, page in enumerate(unit.fields.get("Documentation", [""])[-1].split()[:8]):
        call.print(f"{'       Docs: ' if not index else ' ' * 13}{page}")
    if process is not None:
        name = process.command.split(" ")[0].rstrip(":").rpartition("/")[2]
        shown = process.command if process.command.startswith("/") else f'"{process.command}"'
        limit = shell.machine.persona.hardware.memory_kib // 860
        call.print(f"   Main PID: {process.pid} ({name[:15]})\n      Tasks: 1 (limit: {limit})")
        call.print(f"     Memory: {process.rss / 1024:.1f}M\n        CPU: {process.time.replace(':', 'min ')}.214s")
        call.print(f"     CGroup: /system.slice/{unit.name}\n             \u2514\u2500{process.pid} {shown}")
    return 0 if active == "active" else 3


def properties(shell: ShellState, name: str) -> dict[str, str]:
    """Return what `systemctl show` tells of a unit, whether there is one or not."""
    unit = find_unit(shell, name)
    if unit is None:
        masked = is_masked(shell, name)
        return {"Id": full_name(name), "Names": full_name(name), "Description": full_name(name), "MainPID": "0",
                "LoadState": "masked" if masked else "not-found", "ActiveState": "inactive",
                "SubState": "dead"}  # fmt: skip
    active = active_state(shell, unit)
    process = main_process(shell, unit) if active == "active" else None
    pid = str(process.pid) if process is not None else "0"
    return {
        "Type": unit.fields.get("Type", ["simple"])[-1], "Restart": unit.fields.get("Restart", ["no"])[-1],
        "MainPID": pid, "ExecMainPID": pid, "Id": unit.name, "Names": unit.name, "Description": unit.description,
        "LoadState": "loaded", "ActiveState": active, "SubState": _sub_state(unit, active),
        "FragmentPath": unit.path, "UnitFileState": file_state(shell, unit), "UnitFilePreset": "enabled",
    }  # fmt: skip
