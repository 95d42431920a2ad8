# SPDX-License-Identifier: MIT
"""What a remote master consists of, as the rows that the commands show of their own fleet; and orders to it."""

from typing import Any

import msgspec

from decnet.fleet.footprint import Row
from decnet.fleet.report import Report
from decnet.fleet.worker_log import LogTail
from decnet.remote.client import Remote, place
from decnet.remote.converting import ns_of, struct_of, structs_of, text_of
from decnet.swarm.members import Listed as ListedSensor
from decnet.swarm.members import Listing
from decnet.swarm.sensors import Offer
from decnet_core.timing.durations import SECOND_NS
from decnet_models.known.queries import KnownSource


def report(remote: Remote) -> Report:
    """Return the state of the fleet."""
    return struct_of(remote.get("/status/report"), Report)


def footprint(remote: Remote, seconds: float) -> list[Row]:
    """Return what every process costs."""
    return structs_of(remote.get("/footprint", seconds=min(seconds, 30.0))["workers"], Row)


def order(remote: Remote, worker: str, op: str) -> Any:
    """Order a worker to do something; return the API's answer, with the worker's state."""
    return remote.send("POST", f"/workers/{place(worker)}/{op}")


def log_tail(remote: Remote, worker: str, lines: int) -> LogTail:
    """Return the newest lines of a worker's log."""
    return struct_of(remote.get(f"/workers/{place(worker)}/log", lines=lines), LogTail)


def known_sources(remote: Remote) -> list[KnownSource]:
    """Return the known sources."""
    return structs_of(remote.get("/known")["items"], KnownSource)


def add_known(remote: Remote, asked: dict[str, Any]) -> tuple[KnownSource, list[str]]:
    """Add a known source; return it with the addresses that were scored before."""
    until = asked.get("until")
    made = remote.send("POST", "/known", {**asked, "until": None if until is None else text_of(until)})
    return struct_of(made["source"], KnownSource), made["scored"]


def remove_known(remote: Remote, number: int) -> None:
    """Remove a known source; raises NotFoundError."""
    remote.send("DELETE", f"/known/{number}")


def sensors(remote: Remote) -> Listing:
    """Return the fleet's sensors and unused tokens."""
    found = remote.get("/sensors")
    rows = [{**row, **{name: _seconds(row[name]) for name in _SENSOR_TIMES}} for row in found["items"]]
    listed = [msgspec.convert(row, ListedSensor) for row in rows]
    return Listing(listed, _seconds(found["listener_until"]), ending=found["ending"])


def offer(remote: Remote, name: str, *, master: str, hours: float, replaces: bool) -> Offer:
    """Return a token for a sensor."""
    asked = {"name": name, "master": master, "hours": hours, "replace": replaces}
    made = remote.send("POST", "/sensors/enrolments", asked)
    return Offer(made["name"], made["token"], made["master"], _seconds(made["expires_at"]) or 0, made["command"])


def end_sensor(remote: Remote, name: str, op: str) -> None:
    """Revoke a sensor, or forget one that was revoked."""
    if op == "revoke":
        remote.send("POST", f"/sensors/{place(name)}/revoke")
    else:
        remote.send("DELETE", f"/sensors/{place(name)}")


_SENSOR_TIMES = ("valid_until", "enrolled_at", "renewed_at", "last_events_at", "last_contact_at")


def _seconds(text: str | None) -> int | None:
    return None if text is None else ns_of(text) // SECOND_NS
