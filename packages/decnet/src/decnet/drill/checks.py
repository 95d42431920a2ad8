# SPDX-License-Identifier: MIT
"""What must be true after a drill; each check looks once and returns whether it holds, with its finding."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from decnet.drill.attack import Action, Bait
from decnet.drill.receiver import Arrival
from decnet.drill.script import BROWSED_PATHS, EXPECTED_TECHNIQUES, SCANNED_PATHS, Script
from decnet.drill.target import Target
from decnet.history.playback import BadLine, RecordingError, entry_of, header_of
from decnet_core.events.catalogue import CommandRun, ConnectionOpened, HttpRequest, LoginAttempt
from decnet_core.state import State
from decnet_models.attackers import queries as attackers
from decnet_models.attackers.profile import AttackerProfile
from decnet_models.canary.queries import label_of
from decnet_models.events import queries as events
from decnet_models.ttp.queries import techniques_of

_MANY = 1000


class Finding(NamedTuple):
    """Whether it holds, and what was found."""

    holds: bool
    detail: str
    at: float | None = None
    """When it began to hold, on the monotonic clock; None: at the time of the look."""


class Evidence(msgspec.Struct, frozen=True):
    """The data that the checks use."""

    script: Script
    target: Target
    bait: Bait
    state: State
    arrivals: list[Arrival]
    """Grows while webhooks arrive."""


Look = Callable[[Connection, Evidence], Finding]


class Check(NamedTuple):
    """A condition that must become true after an action."""

    name: str
    after: Action
    look: Look


def recorded(connection: Connection, evidence: Evidence) -> Finding:
    """Every login, command and request is an event, with source and decky."""
    payloads = [one.event.payload for one in events.of_attacker(connection, evidence.script.source, _MANY)]
    logins = Counter(one.success for one in payloads if isinstance(one, LoginAttempt) and one.method != "none")
    commands = {one.command for one in payloads if isinstance(one, CommandRun)}
    holds = (logins[False], logins[True]) == (len(evidence.script.wrong_passwords), 1)
    missing = [command for command in evidence.script.commands if command not in commands]
    detail = f"{logins[False]} logins rejected, {logins[True]} accepted, {len(commands)} commands"
    return Finding(holds and not missing, detail + (f", not {missing[0]!r}" if missing else ""))


def requests_recorded(connection: Connection, evidence: Evidence) -> Finding:
    """Every HTTP request is an event."""
    recorded_events = events.of_attacker(connection, evidence.script.source, _MANY)
    targets = [
        one.event.payload.target
        for one in recorded_events
        if isinstance(one.event.payload, HttpRequest) and one.event.decky == evidence.target.web.name
    ]
    expected = Counter((*SCANNED_PATHS, *BROWSED_PATHS))
    return Finding(Counter(targets) == expected, f"{len(targets)} of {expected.total()} requests")


def others_recorded(connection: Connection, evidence: Evidence) -> Finding:
    """A connection to each other service that is offered is an event."""
    found = {
        (one.event.payload.service, one.event.decky)
        for one in events.of_attacker(connection, evidence.script.source, _MANY)
        if isinstance(one.event.payload, ConnectionOpened)
    }
    missing = [service for service, decky in evidence.target.others if (service, decky.name) not in found]
    detail = f"{len(evidence.target.others) - len(missing)} of {len(evidence.target.others)} other services"
    return Finding(not missing, detail)


def session_replays(connection: Connection, evidence: Evidence) -> Finding:
    """The session is closed and its recording can be replayed and shows what happened."""
    closed = [one for one in attackers.sessions(connection, attacker=evidence.script.source) if one.recording]
    if not closed:
        return Finding(False, "no closed session with a recording")
    recording = closed[0].recording or ""
    path = evidence.state.artifact(recording)
    try:
        output = replay(path)
    except (OSError, RecordingError) as error:
        return Finding(False, f"recording {recording[:16]}: {error}")
    return Finding(evidence.script.mark in output, f"recording {recording[:16]}, {len(output)} characters shown")


def profiled(connection: Connection, evidence: Evidence) -> Finding:
    """The attacker has a profile with a score that explains itself."""
    profile = attackers.attacker(connection, evidence.script.source)
    if profile is None:
        return Finding(False, "no profile")
    one = profile.attacker
    counted = (one.logins, one.logins_accepted, one.commands, one.requests, one.canary_hits)
    return Finding(counted == _expected_counts(evidence) and bool(profile.terms), _score_text(profile))


def credential_stored(connection: Connection, evidence: Evidence) -> Finding:
    """All passwords are kept with how often they were accepted."""
    uses = attackers.credential_uses(connection, attacker=evidence.script.source)
    user, password = evidence.target.login
    stored = {(use.username, use.password, use.accepted > 0) for use in uses}
    expected = {(user, password, True), *((user, wrong, False) for wrong in evidence.script.wrong_passwords)}
    return Finding(expected <= stored, f"{len(expected & stored)} of {len(expected)} credentials")


def technique_tagged(connection: Connection, evidence: Evidence) -> Finding:
    """ATT&CK techniques are recognised."""
    tagged = {seen.technique for seen in techniques_of(connection, evidence.script.source)}
    return Finding(tagged >= EXPECTED_TECHNIQUES, ", ".join(sorted(tagged)) or "none")


def canary_attributed(channel: str) -> Look:
    """Return the check that the token's hit is attributed to the attacker, with the token's label."""

    def look(connection: Connection, evidence: Evidence) -> Finding:
        token = evidence.bait.url if channel == "http" else evidence.bait.name
        hits = attackers.canary_hits(connection, token=token.token)
        label = label_of(connection, token.token)
        holds = [(hit.attacker, hit.channel) for hit in hits] == [(evidence.script.source, channel)]
        return Finding(holds and label == token.label, f"{len(hits)} hit of {label!r}")

    return look


def delivered(kind: str, key: str | None = None) -> Look:
    """Return the check that the webhook delivered `kind`, signed; the field `key` must contain the drill's mark."""

    def look(_: Connection, evidence: Evidence) -> Finding:
        ours = [
            one
            for one in evidence.arrivals
            if one.kind == kind
            and one.data.get("attacker") == evidence.script.source
            and (key is None or evidence.script.mark in str(one.data.get(key)))
        ]
        forged = sum(not one.genuine for one in ours)
        first = min((one.at for one in ours), default=None)
        return Finding(bool(ours) and not forged, f"{len(ours)} received, {forged} with a wrong signature", first)

    return look


CHECKS = (
    Check("logins and commands recorded", Action.SESSION, recorded),
    Check("web requests recorded", Action.WEB, requests_recorded),
    Check("other services recorded", Action.OTHERS, others_recorded),
    Check("session recorded and replays", Action.SESSION, session_replays),
    Check("attacker profiled", Action.SESSION, profiled),
    Check("credentials stored", Action.SESSION, credential_stored),
    Check("techniques tagged", Action.SESSION, technique_tagged),
    Check("canary hit by HTTP attributed", Action.CANARY_HTTP, canary_attributed("http")),
    Check("canary hit by DNS attributed", Action.CANARY_DNS, canary_attributed("dns")),
    Check("webhook: attacker.observed", Action.GUESSES, delivered("attacker.observed")),
    Check("webhook: credential.captured", Action.SESSION, delivered("credential.captured")),
    Check("webhook: session.ended", Action.SESSION, delivered("session.ended")),
    Check("webhook: ttp.tagged", Action.SESSION, delivered("ttp.tagged")),
    Check("webhook: canary.hit", Action.CANARY_DNS, delivered("canary.hit", "label")),
)


def replay(path: Path) -> str:
    """Return the output of an asciicast v2 file of which every line is valid; raises OSError, RecordingError."""
    lines = iter(path.read_bytes().splitlines())
    header_of(lines)
    shown, before = [], 0.0
    for line in lines:
        try:
            moment, code, data = entry_of(line)
        except BadLine as error:
            raise RecordingError(str(error)) from error
        if moment < before:
            raise RecordingError("its times run backwards")
        before = moment
        if code == "o":
            shown.append(data)
    return "".join(shown)


def _expected_counts(evidence: Evidence) -> tuple[int, ...]:
    refused = len(evidence.script.wrong_passwords)
    requests = len(SCANNED_PATHS) + len(BROWSED_PATHS)
    return refused + 1, 1, len(evidence.script.commands) + 1, requests, 2


def _score_text(profile: AttackerProfile) -> str:
    one = profile.attacker
    counts = f"{one.logins} logins, {one.commands} commands, {one.requests} requests, {one.canary_hits} canary hits"
    return f"score {one.score}: {counts}"
