# SPDX-License-Identifier: MIT
"""apt: what is installed, and what somebody wants to install (apt(8)). Nothing is fetched; the wish is recorded."""

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Requested
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.programs import command

ESSENTIAL = """
apt 2.6.1|base-files 12.4+deb12u7|bash 5.2.15-2+b7|bsdutils 1:2.38.1-5+deb12u1|coreutils 9.1-1|dash 0.5.12-2|debianutils 5.7-0.5~deb12u1
diffutils 1:3.8-4|dpkg 1.21.22|findutils 4.9.0-4|grep 3.8-5|gzip 1.12-1|hostname 3.23+nmu1|init-system-helpers 1.65.2
libc-bin 2.36-9+deb12u8|libc6 2.36-9+deb12u8|login 1:4.13+dfsg1-1+b1|mount 2.38.1-5+deb12u1|ncurses-bin 6.4-4|perl-base 5.36.0-7+deb12u1
procps 2:4.0.2-3|sed 4.9-1|sudo 1.9.13p3-1+deb12u1|systemd 252.30-1~deb12u2|tar 1.34+dfsg-1.2+deb12u1|util-linux 2.38.1-5+deb12u1
"""  # noqa: E501  # a table
_USAGE = """\
apt 2.6.1 (amd64)
Usage: apt-get [options] command
       apt-get [options] install|remove pkg1 [pkg2 ...]
       apt-get [options] source pkg1 [pkg2 ...]

apt-get is a command line interface for retrieval of packages
and information about them from authenticated sources and
for installation, upgrade and removal of packages together
with their dependencies.
"""


_APT_NAMES = """
--yes --assume-yes --quiet --allow-unauthenticated --fix-broken --fix-missing --no-install-recommends --purge
--reinstall --download-only --simulate --dry-run --force-yes --allow-downgrades --allow-remove-essential --installed
--upgradable --upgradeable --all-versions --help --version --names-only --full --only-upgrade --no-upgrade
--auto-remove --autoremove --show-upgraded --allow-releaseinfo-change --manual-installed --verbose --no-download
--print-uris --trivial-only
"""
_APT_LONG = frozenset(_APT_NAMES.split())
_APT_USAGE = """\
apt 2.6.1 (amd64)
Usage: apt [options] command

apt is a commandline package manager and provides commands for
searching and managing as well as querying information about packages.
It provides the same functionality as the specialized APT tools,
like apt-get and apt-cache, but enables options more suitable for
interactive use by default.

Most used commands:
  list - list packages based on package names
  search - search in package descriptions
  show - show package details
  install - install packages
  reinstall - reinstall packages
  remove - remove packages
  autoremove - automatically remove all unused packages
  update - update list of available packages
  upgrade - upgrade the system by installing/upgrading packages
  full-upgrade - upgrade the system by removing/installing/upgrading packages
  edit-sources - edit the source information file
  satisfy - satisfy dependency strings

See apt(8) for more information about the available commands.
Configuration options and syntax is detailed in apt.conf(5).
Information about how to configure sources can be found in sources.list(5).
Package and version choices can be expressed via apt_preferences(5).
Security details are available in apt-secure(8).
                                        This APT has Super Cow Powers.
"""


def packages(call: Call) -> dict[str, str]:
    """Return the installed packages with their versions, in the order of their names."""
    essential = [one for line in ESSENTIAL.strip().splitlines() for one in line.split("|")]
    pairs = (package.partition(" ") for package in (*essential, *call.shell.machine.persona.packages))
    return dict(sorted((name, version) for name, _, version in pairs))


def _told(call: Call, verb: str) -> int | None:
    """Answer what asks for nothing to be done: the version, the usage, an option that there is not."""
    if {"--version", "-v"} & set(call.args):
        call.print("apt 2.6.1 (amd64)")
        return 0
    if call.name == "apt-key":
        missing = "gnupg, gnupg2 and gnupg1 do not seem to be installed, but one of them is required for this operation"
        call.print_error(f"E: {missing}")
        return 255
    unknown = next((arg for arg in call.args if arg.startswith("--") and arg not in _APT_LONG and "=" not in arg), "")
    if unknown:
        wrong = f"Command line option {unknown[:64]} is not understood in combination with the other options"
        call.print_error(f"E: {wrong}")
        return 100
    if not verb:
        call.print(_APT_USAGE if call.name == "apt" else _USAGE, end="")
        return 1
    return None


@command("apt", "apt-get", "apt-cache", "apt-key", families=("debian",))
def apt(call: Call) -> Effects:
    """Fail to reach the mirrors, after some time."""
    verb, *names = call.words or [""]
    if call.name == "apt" and verb and not call.tty:
        call.print_error("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n")
    told = _told(call, verb)
    if told is not None:
        return told
    if verb == "list":
        call.print("Listing...")
        for name, version in packages(call).items():
            if names and not any(matches(name, wanted) for wanted in names[:20]):
                continue
            call.print(f"{name}/stable,now {version} amd64 [installed]")
        return 0
    if verb in ("search", "policy", "show") or call.name in ("apt-cache", "apt-key"):
        return _shown(call, verb, names)
    if call.shell.identity.uid != 0:
        call.print_error("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)")
        call.print_error("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?")
        return 100
    if names:
        yield Requested("install", {"program": call.name, "packages": " ".join(names)[:2048]})
    return (yield from _changed(call, verb, names))


def _shown(call: Call, verb: str, names: list[str]) -> int:
    known, status = packages(call), 0
    for name in names[:20]:
        if name in known and verb == "policy":
            call.print(f"{name}:\n  Installed: {known[name]}\n  Candidate: {known[name]}")
        elif name in known and verb == "show":
            call.print(f"Package: {name}\nVersion: {known[name]}\nPriority: optional\n")
        elif verb in ("show", "policy"):
            if verb == "show" or call.tty:  # a notice is for who sits at a terminal
                call.print_error("E: No packages found" if verb == "show" else f"N: Unable to locate package {name}")
            status = 100 if verb == "show" else status
    return status


def _changed(call: Call, verb: str, names: list[str]) -> Effects:
    ubuntu = "Ubuntu" in call.shell.machine.persona.os
    mirror, suite = ("archive.ubuntu.com/ubuntu", "jammy") if ubuntu else ("deb.debian.org/debian", "bookworm")
    host = mirror.partition("/")[0]
    if verb == "update":
        yield Pause(2.0)
        for number, part in enumerate((suite, f"{suite}-updates"), 1):
            call.print(f"Err:{number} http://{mirror} {part} InRelease\n  Temporary failure resolving '{host}'")
        call.print("Reading package lists...")
        for part in (suite, f"{suite}-updates"):
            url = f"http://{mirror}/dists/{part}/InRelease"
            call.print_error(f"W: Failed to fetch {url}  Temporary failure resolving '{host}'")
        call.print_error("W: Some index files failed to download. They have been ignored, or old ones used instead.")
        return 0
    if verb not in _VERBS:
        call.print_error(f"E: Invalid operation {verb[:64]}")
        return 100
    if call.name == "apt" and (call.shell.terminal is None or not call.tty):
        call.print_error("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n")
    if verb in ("clean", "autoclean") and call.name == "apt-get":
        return 0
    done = "" if call.shell.terminal is None else " Done"
    steps = ("Reading package lists", "Building dependency tree", "Reading state information")
    call.print("\n".join(f"{step}...{done}" for step in steps))
    yield Pause(0.8)
    known = packages(call)
    missing = [name for name in names if name not in known]
    if missing and verb in ("install", "remove", "purge", "reinstall"):
        for name in missing[:20]:
            call.print_error(f"E: Unable to locate package {name}")
        return 100
    for name in names[:20] if verb == "install" else ():
        call.print(f"{name} is already the newest version ({known[name]}).")
    call.print("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.")
    return 0


_VERBS = frozenset(
    [
        "install",
        "remove",
        "purge",
        "autoremove",
        "upgrade",
        "full-upgrade",
        "dist-upgrade",
        "clean",
        "autoclean",
        "check",
        "reinstall",
    ]
)  # a list of words
