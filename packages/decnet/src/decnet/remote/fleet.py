# SPDX-License-Identifier: MIT
"""What a remote master consists of, as the rows that the commands show of their own fleet; and orders to it."""

from typing import Any

from decnet.fleet.footprint import Row
from decnet.fleet.report import Report
from decnet.fleet.worker_log import LogTail
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of, text_of
from decnet.webhook.selecting import Wish
from decnet_models.incidents.silences import Silence
from decnet_models.known.queries import KnownSource
from decnet_workers.webhook.incidents.selection import Selection, written


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


def forget_known(remote: Remote, number: int) -> KnownSource:
    """Remove what was found out about a known source before; return it with its new number. Raises NotFoundError."""
    return struct_of(remote.send("POST", f"/known/{number}/forget"), KnownSource)


def silences(remote: Remote) -> list[Silence]:
    """Return the silences that last."""
    return [_silence(row) for row in remote.get("/silences")["items"]]


def silence(remote: Remote, wish: Wish, until: int, reason: str) -> Silence:
    """Tell nobody of incidents until a time (ns)."""
    lists = {name: getattr(wish, name) or () for name in _ABOUT}
    return _silence(remote.send("POST", "/silences", {**lists, "until": text_of(until), "reason": reason}))


def end_silence(remote: Remote, number: int) -> None:
    """End a silence now; raises NotFoundError."""
    remote.send("DELETE", f"/silences/{number}")


_ABOUT = ("sources", "deckies", "techniques", "tags")


def _silence(row: dict[str, Any]) -> Silence:
    return struct_of({**row, "filter": written(struct_of(row, Selection)), "ended_at": None}, Silence)
