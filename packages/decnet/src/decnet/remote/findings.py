# SPDX-License-Identifier: MIT
"""What a remote master has seen, as the rows that the commands show of their own database."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError
from decnet.history.selection import Selection
from decnet.history.summary import LoginUsed, Summary
from decnet.incidents.acting import ActionOutcome
from decnet.incidents.page import Page
from decnet.incidents.rows import Summary as IncidentSummary
from decnet.intel.known import Known
from decnet.remote.client import Remote, place
from decnet.remote.converting import ns_of, struct_of, structs_of, text_of
from decnet.reporter.sending import Receiver
from decnet_core.events.codec import BadEventError, decode
from decnet_core.timing.durations import HOUR_NS
from decnet_models.accounts.audit import Entry
from decnet_models.artifacts.queries import Artifact, Sighting
from decnet_models.attackers.analysis import Analysis
from decnet_models.attackers.profile import Attacker, AttackerProfile, Session
from decnet_models.database.window import ALWAYS_SINCE, ALWAYS_UNTIL, Window
from decnet_models.events.queries import StoredEvent
from decnet_models.incidents import queries as incident_queries
from decnet_models.incidents.values import ACKNOWLEDGED, CLOSED, NOTE, Action
from decnet_models.intel.queries import Finding
from decnet_models.ttp.queries import TechniqueSeen, TechniqueUsed
from decnet_workers.webhook.incidents.severity import WORDS


class WholeAttacker(NamedTuple):
    """Everything about one address."""

    profile: AttackerProfile
    techniques: list[TechniqueSeen]
    meaning: Analysis
    intel: list[Finding]


def span(window: Window) -> dict[str, str | None]:
    """Return the query parameters of a span of time."""
    since = None if window.since == ALWAYS_SINCE else text_of(window.since)
    return {"since": since, "until": None if window.until == ALWAYS_UNTIL else text_of(window.until)}


def attackers(remote: Remote, limit: int, order: str, window: Window) -> list[Attacker]:
    """Return attackers, highest of `order` first."""
    return structs_of(remote.listed("/attackers", limit, sort=order, **span(window)), Attacker)


def attacker(remote: Remote, address: str, limit: int) -> WholeAttacker:
    """Return everything about one address; raises NotFoundError."""
    found = remote.get(f"/attackers/{place(address)}", limit=min(limit, 1000))
    return WholeAttacker(
        struct_of(found, AttackerProfile),
        structs_of(found["techniques"], TechniqueSeen),
        struct_of(found, Analysis),
        structs_of(found["intel"], Finding),
    )


def sessions(remote: Remote, limit: int, address: str | None, window: Window) -> list[Session]:
    """Return interactive sessions, newest first."""
    return structs_of(remote.listed("/sessions", limit, attacker=address, **span(window)), Session)


def recording(remote: Remote, name: str) -> tuple[Session, bytes]:
    """Return a session and its recording; raises NotFoundError."""
    path = f"/sessions/{place(name)}"
    return struct_of(remote.get(path)["session"], Session), remote.download(f"{path}/recording")


def report(remote: Remote, window: Window, limit: int, form: str) -> str:
    """Return a report of a span of time."""
    content = remote.download("/reports", format=form, limit=min(limit, 1000), **span(window))
    return content.decode().removesuffix("\n")


def send_report(remote: Remote, window: Window, limit: int) -> list[Receiver]:
    """Send a report to those who receive reports, and return them; raises NotFoundError when nobody would."""
    made = remote.send("POST", "/reports/sent", limit=min(limit, 1000), **span(window))
    return structs_of(made["receivers"], Receiver)


def credentials(remote: Remote, limit: int, window: Window) -> list[LoginUsed]:
    """Return credentials, most often tried first."""
    if window.bounded:
        found = remote.get("/credentials/top", limit=min(limit, 1000), **span(window))
        return structs_of(found["items"], LoginUsed)
    rows = remote.listed("/credentials", limit, sort="uses")
    return [_login(one) for one in sorted(rows, key=lambda row: (-row["uses"], row["digest"]))]


def techniques(remote: Remote, window: Window) -> list[TechniqueUsed]:
    """Return the techniques that rules recognised, most often recognised first."""
    found = structs_of(remote.get("/techniques", **span(window))["techniques"], TechniqueUsed)
    return sorted((one for one in found if one.tags), key=lambda one: (-one.tags, one.technique))


def summary(remote: Remote, window: Window, limit: int) -> Summary:
    """Return what happened in a span of time."""
    found = remote.get("/summary", limit=min(limit, 100), **span(window))
    hours = {ns_of(one["at"]) // HOUR_NS: one["events"] for one in found["hours"]}
    return struct_of({**found, "window": msgspec.to_builtins(window), "hours": hours}, Summary)


def events(remote: Remote, selection: Selection, limit: int, *, known: bool, words: str = "") -> list[StoredEvent]:
    """Return the newest events that are so, oldest of them first; `words` must all occur."""
    query = {
        "q": " ".join(f'"{_quoted(word)}"' for word in words.split()) or None,
        "kind": selection.kinds,
        "source": selection.attacker,
        "decky": selection.decky,
        "session": selection.session,
        "synthetic": selection.synthetic,
        "known": known,
    }
    rows = remote.listed("/events", limit, **query, **span(selection.window))
    return [stored_event(row) for row in reversed(rows)]


def events_named(remote: Remote, ids: Sequence[UUID]) -> list[StoredEvent]:
    """Return the events with these ids; raises NotFoundError."""
    found = []
    for one in ids:
        try:
            found.append(stored_event(remote.get(f"/events/{one}")))
        except NotFoundError as error:
            raise NotFoundError(f"the log has no event {one}; it was never there, or has been forgotten") from error
    return sorted(found, key=lambda stored: stored.seq)


def following(remote: Remote, selection: Selection, limit: int, *, known: bool) -> Iterator[StoredEvent]:
    """Yield the newest events and then new ones as they come; raises UnavailableError when the stream ends."""
    seen = 0
    kinds, source = selection.kinds, selection.attacker
    for name, data in remote.messages("/stream", table="event", kind=kinds, source=source, known=known):
        if name == "opened":  # what comes from now on is in the stream, so that nothing is missed
            for stored in events(remote, selection, limit, known=known):
                seen = max(seen, stored.seq)
                yield stored
        elif name == "event" and data["seq"] > seen and selection.includes(stored := stored_event(data)):
            yield stored


def stored_event(item: dict[str, Any]) -> StoredEvent:
    """Return the event of the log that the API's JSON shows."""
    payload = dict(item["payload"])
    if isinstance(repeats := payload.get("repeats"), dict):
        times = {name: ns_of(value) for name, value in repeats.items() if name == "last_ts" and isinstance(value, str)}
        payload["repeats"] = repeats | times
    fields = ("id", "sensor", "decky", "src_ip", "src_port", "dst_ip", "dst_port", "session", "synthetic")
    line = {name: item[name] for name in fields} | {"ts": ns_of(item["ts"]), "payload": payload}
    line["payload"].setdefault("kind", item["kind"])
    try:
        return StoredEvent(int(item["seq"]), decode(msgspec.json.encode(line)))
    except BadEventError as error:
        raise OperatorError(f"the master shows an event that this version cannot read: {error}") from error


def incidents(remote: Remote, limit: int, selection: incident_queries.Selection) -> list[IncidentSummary]:
    """Return incidents, the latest first."""
    query = {
        "state": selection.states,
        "severity": WORDS[selection.least_severity],
        "min_score": selection.least_score,
        "attacker": selection.attacker,
        "decky": selection.decky,
        "technique": selection.technique,
        "token": selection.token,
    }
    return [_incident(row) for row in remote.listed("/incidents", limit, **query, **span(selection.window or Window()))]


def incident(remote: Remote, number: int, limit: int) -> Page:
    """Return one incident; raises NotFoundError."""
    found = remote.get(f"/incidents/{number}", limit=min(limit, 1000))
    steps = [{**step, "notice": {**step["notice"], "ts": step["ts"]}} for step in found["timeline"]]
    summed = msgspec.to_builtins(_incident(found["summary"]))
    return struct_of({**found, "summary": summed, "timeline": steps}, Page)


def act(remote: Remote, numbers: Sequence[int], verb: str, note: str) -> list[ActionOutcome]:
    """Acknowledge or close incidents, or add a note to each; raises NotFoundError."""
    if verb == NOTE:
        done = [remote.send("POST", f"/incidents/{number}/notes", {"note": note}) for number in numbers]
    else:
        way = {ACKNOWLEDGED: "acknowledge", CLOSED: "close"}[verb]
        done = remote.send("POST", f"/incidents/{way}", {"incidents": [*numbers], "note": note})["items"]
    return [
        ActionOutcome(one["incident"], verb, struct_of(one["earlier"], Action) if one["earlier"] else None)
        for one in done
    ]


def files(remote: Remote, limit: int, window: Window) -> list[tuple[Artifact, Sighting | None]]:
    """Return files, last seen first, each with where it was seen last."""
    rows = remote.listed("/files", limit, **span(window))
    return [
        (struct_of(row, Artifact), struct_of(row["sighting"], Sighting) if row["sighting"] else None) for row in rows
    ]


def intel(remote: Remote, address: str, *, refresh: bool) -> Known:
    """Return what others say about an address, with `refresh` after they were asked to be asked anew."""
    path = f"/intel/{place(address)}"
    return struct_of(remote.send("POST", f"{path}/refresh") if refresh else remote.get(path), Known)


def audit(remote: Remote, limit: int, window: Window, **asked: str | None) -> list[Entry]:
    """Return what people and programs did, the latest first."""
    return structs_of(remote.listed("/audit", limit, **asked, **span(window)), Entry)


def export(remote: Remote, form: str, window: Window, **of: object) -> str:
    """Return findings in a format for other systems."""
    return remote.download(f"/exports/{form}", **of, **span(window)).decode()


def _login(row: dict[str, Any]) -> LoginUsed:
    secret = row["password"] if row["password"] is not None else row["public_key"]
    return LoginUsed(row["username"], secret, row["uses"], row["accepted"], row["attackers"])


def _incident(row: dict[str, Any]) -> IncidentSummary:
    first, last = ns_of(row["first_seen"]), ns_of(row["last_seen"])
    shown = {"first_seen": first, "last_seen": last}
    return msgspec.convert({**row, **shown}, IncidentSummary)


def _quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')
