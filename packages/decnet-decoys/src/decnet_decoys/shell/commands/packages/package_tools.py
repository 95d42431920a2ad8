# SPDX-License-Identifier: MIT
"""Tools beside apt and dpkg: apt-mark, apt-config, dpkg-deb, dpkg-reconfigure, update-alternatives (apt-mark(8))."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.packages.apt import packages
from decnet_decoys.shell.commands.packages.dpkg import refused_archive
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.machine.condition import MAX_HELD
from decnet_decoys.shell.programs import command

_MARKS = ("auto", "manual", "hold", "unhold", "minimize-manual")
_MARK_USAGE = """\
apt 2.6.1 (amd64)
Usage: apt-mark [options] {auto|manual} pkg1 [pkg2 ...]
"""


@command("apt-mark", families=("debian",))
def apt_mark(call: Call) -> Effects:
    """Mark packages as held, or as installed by hand; what is held stays so for others."""
    verb, *names = call.words or [""]
    if not verb:
        call.print(_MARK_USAGE, end="")
        return 1
    if verb not in (*_MARKS, *_SHOWING):
        return _refused(call, f"Invalid operation {verb[:64]}")
    if verb in _SHOWING:
        return _shown(call, verb, names)
    known = packages(call)
    found = [name for name in names[:64] if name in known]
    for name in names[:64]:
        if name not in known:
            _refused(call, f"Unable to locate package {name[:256]}")
    if not found or call.shell.identity.uid != 0:
        temporary = "Could not create temporary file for /var/lib/apt/extended_states - mkstemp (13: Permission denied)"
        return _refused(call, temporary if found else "No packages found")
    for name in found:
        yield from turn()
        _mark(call, verb, name)
    return 0 if len(found) == len(names[:64]) else 100


_SHOWING = ("showhold", "showmanual", "showauto", "showheld", "showholds")


def _refused(call: Call, wrong: str) -> int:
    call.print_error(f"E: {wrong}")
    return 100


def _shown(call: Call, verb: str, names: list[str]) -> int:
    """Show the packages with a mark."""
    marked = {"showmanual": list(packages(call)), "showauto": []}
    for name in marked.get(verb, sorted(call.shell.machine.condition.held)):
        if not names or name in names[:64]:
            call.print(name)
    return 0


def _mark(call: Call, verb: str, name: str) -> None:
    held = call.shell.machine.condition.held
    if verb in ("auto", "manual"):
        call.print(f"{name} set to {'automatically' if verb == 'auto' else 'manually'} installed.")
    elif verb == "hold":
        call.print(f"{name} was already set on hold." if name in held else f"{name} set on hold.")
        if name not in held and len(held) < MAX_HELD:
            held.append(name)
    elif name in held:
        held.remove(name)
        call.print(f"Canceled hold on {name}.")
    else:
        call.print(f"{name} was already not on hold.")


@command("apt-config", families=("debian",))
def apt_config(call: Call) -> int:
    """Show a part of apt's configuration."""
    if call.words[:1] != ["dump"]:
        call.print("apt 2.6.1 (amd64)\nUsage: apt-config [options] command")
        return 1
    call.print(
        'APT "";\nAPT::Architecture "amd64";\nAPT::Build-Essential "";\nAPT::Build-Essential:: "build-essential";\n'
        'APT::Install-Recommends "1";\nAPT::Install-Suggests "0";\nDir "/";\nDir::State "var/lib/apt";'
    )
    return 0


@command("dpkg-deb", "dpkg-split", families=("debian",))
def dpkg_deb(call: Call) -> int:
    """Refuse archives: those that there are, too, for none is one of this machine's."""
    action = next((arg for arg in call.args if arg.startswith("-")), "")
    if not action:
        hints = "Type dpkg-deb --help for help about manipulating *.deb files;\n" if call.name == "dpkg-deb" else ""
        call.print_error(f"{call.name}: error: need an action option\n\n{hints}"
                         "Type dpkg --help for help about installing and deinstalling packages.")  # fmt: skip
        return 2
    return refused_archive(call, call.words, {})


@command("dpkg-reconfigure", "debconf-set-selections", folder="/usr/sbin", families=("debian",))
def reconfigure(call: Call) -> int:
    """Configure nothing anew; complain about packages that are not installed."""
    for name in call.words[:1] if call.name == "dpkg-reconfigure" else ():
        if name not in packages(call):
            call.print_error(f"/usr/sbin/dpkg-reconfigure: {name[:64]} is not installed")
            return 1
    return 0


_ALTERNATIVES = {"vi": "/usr/bin/vim.tiny", "awk": "/usr/bin/mawk", "editor": "/bin/nano", "pager": "/bin/less",
                 "nc": "/bin/nc.traditional"}  # fmt: skip


@command("update-alternatives", families=("debian",))
def update_alternatives(call: Call) -> int:
    """Show which program a generic name leads to."""
    action = next((arg for arg in call.args if arg.startswith("--")), "")
    words = call.words
    if action in ("--list", "--display", "--config", "--query") and words:
        target = _ALTERNATIVES.get(words[0])
        if target is None:
            call.print_error(f"update-alternatives: error: no alternatives for {words[0][:64]}")
            return 2
        call.print(target if action == "--list" else f"{words[0]} - auto mode\n  link best version is {target}")
        return 0
    if action == "--install" and len(words) > 3:
        call.print(f"update-alternatives: using {words[2]} to provide {words[0]} ({words[1]}) in auto mode")
        return 0
    if action in ("--set", "--remove", "--auto", "--all", "--get-selections"):
        return 0
    call.print_error(
        "update-alternatives: need --display, --query, --list, --get-selections, --config, --set, --set-selections, "
        "--install, --remove, --all, --remove-all or --auto\n\n"
        "Use 'update-alternatives --help' for program usage information."
    )
    return 2
