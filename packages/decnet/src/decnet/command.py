# SPDX-License-Identifier: MIT
"""`decnet`: finds the command that was asked for and imports only that one.

The list below is all that `decnet --help` needs, so help is there at once. A lazy typer group would be the other way;
it would cost the import of typer (0.1 s) to print a page of text, and typer now carries a private copy of click, whose
group class is not ours to extend. Typer parses everything after the command's name.

Exit codes: 0 done; 1 something is down, not found or did not hold; 2 wrong usage; 70 a defect of ours;
78 it cannot work here (settings, state directory, database); 130 interrupted.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

USAGE_ERROR = 2
DEFECT = 70
INTERRUPTED = 130


class Command(NamedTuple):
    """One command."""

    name: str
    summary: str
    folder: str = ""
    """That of its module below `decnet.commands`; empty: none."""

    @property
    def module(self) -> str:
        return ".".join(filter(None, ("decnet.commands", self.folder, self.name)))


COMMANDS = (
    Command("up", "Bring the fleet up here and watch it live."),
    Command("init", "Set this host up for systemd: units, accounts, directories, settings."),
    Command("config", "The settings: show where each value comes from, check them, edit them."),
    Command("status", "Ask every worker how it is; exit code 1 when something is down."),
    Command("events", "Show events, newest last; --follow continues as they arrive."),
    Command("search", "Find events by words in them: commands, requests, credentials, file names.", "history"),
    Command("incidents", "List incidents: what attackers did, gathered for who has to act on it.", "alerts"),
    Command("incident", "One incident: timeline, evidence, notes; ack, close, note.", "alerts"),
    Command("attackers", "List attackers, highest threat score first."),
    Command("attacker", "Everything about one address: score, sessions, credentials, techniques."),
    Command("summary", "What happened since yesterday, or in any span of time, on one page.", "history"),
    Command("report", "The same as a document to send on: HTML, Markdown or JSON.", "history"),
    Command("sessions", "List interactive sessions, newest first.", "history"),
    Command("play", "Play a recorded session on this terminal.", "history"),
    Command("credentials", "List credentials that were tried, most often tried first.", "history"),
    Command("techniques", "List ATT&CK techniques that rules recognised.", "history"),
    Command("files", "List files that attackers left or fetched.", "history"),
    Command("intel", "What others say about an address; --refresh asks them anew.", "analysis"),
    Command("identities", "List the actors, each with the attackers that it used.", "analysis"),
    Command("identity", "One actor: attackers, evidence, changes; split, join, pin, undo, withdraw.", "analysis"),
    Command("campaigns", "List campaigns: who acts together, last seen first.", "analysis"),
    Command("campaign", "One campaign: members, reasons, history; split, join, pin, undo.", "analysis"),
    Command("export", "Findings for other systems: STIX 2.1, MISP, ATT&CK Navigator, CSV.", "analysis"),
    Command("decky", "Deckies of the desired fleet: add, list, show, change, remove, inspect.", "deckies"),
    Command("deploy", "Make the fleet what a document says, after showing what that does.", "deckies"),
    Command("mutate", "Change a decky now as its policy allows; --plan shows what changes when.", "deckies"),
    Command("persona", "The machines that deckies can play: list, show, check.", "deckies"),
    Command("image", "Honeypot images that deckies can run in containers: list, show.", "deckies"),
    Command("known", "Own scanners, monitoring: recorded, never scored or alerted: add, list, remove.", "analysis"),
    Command("canary", "Canary tokens: make, plant, instrument, list, disable, check.", "canary"),
    Command("webhook", "Manage receivers of notices: add, edit, test, deliveries, replay."),
    Command("orchestrator", "Synthetic users of the deckies: plan.", "deckies"),
    Command("swarm", "Sensor hosts: token, list, revoke, renew."),
    Command("user", "Users of the dashboard: add, link, role, disable, reset, remove.", "access"),
    Command("token", "Tokens of programs that use the API: add, list, revoke.", "access"),
    Command("audit", "What people and programs did, newest first.", "access"),
    Command("replay", "Let a worker handle events again, after showing what that does."),
    Command("quarantine", "Lines that could not be read or stored: list, show, retry."),
    Command("drill", "Attack the fleet with real clients and check that everything is reported."),
    Command("worker", "Single workers: restart, pause, resume, reload, log."),
    Command("footprint", "Show what every worker and the whole fleet cost in memory, wake-ups and CPU."),
    Command("bus", "Inspect the message bus: sub, pub, top."),
    Command("upgrade", "How to come to another version: --check says what has to be done here.", "host"),
    Command("docs", "The reference: events, notices, settings, commands, tables, rules.", "host"),
    Command("man", "Manual pages of all programs.", "host"),
    Command("completion", "Completion for bash, zsh or fish.", "host"),
)

OPTIONS = {
    "--state": ("DECNET_STATE_DIR", "DIR", "The fleet's state directory."),
    "--settings": ("DECNET_SETTINGS", "FILE", "Settings file (TOML)."),
}
"""Options of every command, before or after its name, and the variables that they set."""

API_OPTIONS = {
    "--api": ("DECNET_API", "URL", "Work on the remote master whose API is there."),
    "--token": ("DECNET_API_TOKEN", "TOKEN", "Of the API; everybody on this host sees what stands on a command line."),
    "--token-file": ("DECNET_API_TOKEN_FILE", "FILE", "File that holds the token."),
    "--ca": ("DECNET_API_CA", "FILE", "Authorities that the API's certificate may be of (PEM); else the system's."),
    "--pin": ("DECNET_API_PIN", "SHA256", "Of the API's certificate, which may then be of any authority."),
}
"""Options that stand before the command's name, because some commands have a --token of their own."""


class UsageError(Exception):
    """The command line is invalid; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        given, rest = split_options(sys.argv[1:] if arguments is None else arguments)
        os.environ.update(given)
        return _run(rest)
    except UsageError as error:
        _complain(f"{error}; see decnet --help")
        return USAGE_ERROR


def split_options(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Take OPTIONS, and API_OPTIONS before the command's name, out of `arguments`.

    Return the variables that they set and what is left. Raises UsageError.
    """
    given: dict[str, str] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
            break
        name, joined, value = word.partition("=")
        known = OPTIONS if rest else OPTIONS | API_OPTIONS
        if name not in known:
            rest.append(word)
            continue
        value = value if joined else next(words, "")
        if not value:
            raise UsageError(f"{name} needs a value")
        variable, kind, _ = known[name]
        is_path = kind in ("DIR", "FILE")
        given[variable] = os.path.abspath(value) if is_path else value  # noqa: PTH100  # pathlib costs 5 ms of every --help
    return given, rest


def help_text() -> str:
    """Return the page that `decnet --help` prints."""
    options = {
        **{
            f"{name} {value}": f"{what} [{variable}]"
            for name, (variable, value, what) in (OPTIONS | API_OPTIONS).items()
        },
        "--version": "Show the version.",
        "--help": "Show this page; decnet COMMAND --help shows a command's own.",
    }
    return "\n".join(
        [
            "Usage: decnet [--state DIR] [--settings FILE] [--api URL ...] COMMAND ...",
            "",
            "DECNET, the deception network.",
            "",
            "Commands:",
            *(f"  {command.name:<18} {command.summary}" for command in COMMANDS),
            "",
            "Options:",
            *(f"  {name:<18} {what}" for name, what in options.items()),
            "",
            "Exit codes: 0 done, 1 something is down or a check failed, 2 wrong usage, 78 it cannot work here.",
        ]
    )


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        sys.stdout.write(help_text() + "\n")
        return 0
    if arguments[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"decnet {version('decnet')}\n")
        return 0
    name, *rest = arguments
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        raise UsageError(_unknown(name))
    if os.environ.get("DECNET_API"):
        from decnet.remote.commands import refusal

        if (why := refusal(name, rest)) is not None:
            raise UsageError(why)
    return _run_command(command, rest)


def _run_command(command: Command, arguments: list[str]) -> int:
    def work() -> int:
        import importlib

        if command.name == "up":
            from decnet.up import command_line

            if (asked := command_line.read(arguments)) is not None:
                from decnet.up.launch import launch

                return launch(asked)

        module = importlib.import_module(command.module)
        return int(module.app(args=arguments, prog_name=f"decnet {command.name}", standalone_mode=False) or 0)

    return guarded(work)


def guarded(work: Callable[[], int]) -> int:
    """Run `work` and return the exit code; an error becomes one line (DECNET_DEBUG=1: with its traceback)."""
    import logging

    from decnet.cli.errors import OperatorError, interruptions, reported

    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())  # what libraries log is not for the operator's terminal
    try:
        return work()
    except SystemExit as end:  # how typer reports a pipe that nobody reads any more
        return end.code if isinstance(end.code, int) else 0
    except interruptions():
        return INTERRUPTED
    except BrokenPipeError:  # `decnet events | head`
        sys.stdout = None  # nothing can be flushed to it any more
        return 0
    except OperatorError as error:
        _complain(str(error))
        return error.code
    except Exception as error:
        message, code = reported(error)
        if os.environ.get("DECNET_DEBUG") and code != USAGE_ERROR:
            raise
        _complain(message)
        return code


def _unknown(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=1)
    return f"there is no command {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def _complain(message: str) -> None:
    sys.stderr.write(f"decnet: {message}\n")
