# SPDX-License-Identifier: MIT
"""The sensor hosts of a remote master, and its certificates."""

from typing import Any

import msgspec

from decnet.remote.client import Remote, place
from decnet.remote.converting import ns_of, struct_of
from decnet.swarm.members import Listed, Listing
from decnet.swarm.sensors import Offer, Signed
from decnet_core.timing.durations import SECOND_NS
from decnet_swarm.pki.listener_identity import ListenerCertificate


def sensors(remote: Remote) -> Listing:
    """Return the fleet's sensors and unused tokens."""
    found = remote.get("/sensors")
    rows = [{**row, **{name: _seconds(row[name]) for name in _TIMES}} for row in found["items"]]
    listed = [msgspec.convert(row, Listed) for row in rows]
    return Listing(listed, _seconds(found["listener_until"]), ending=found["ending"])


def offer(remote: Remote, name: str, *, master: str, hours: float, replaces: bool) -> Offer:
    """Return a token for a sensor."""
    made = remote.send("POST", "/sensors/enrolments", _enrolment(name, master, hours, replaces=replaces))
    return Offer(made["name"], made["token"], made["master"], _seconds(made["expires_at"]) or 0, made["command"])


def bundle(remote: Remote, name: str, *, master: str, hours: float, replaces: bool) -> bytes:
    """Return the file that makes another host a sensor, of the wheels that the master has."""
    return remote.made("/sensors/bundles", _enrolment(name, master, hours, replaces=replaces))


def sign(remote: Remote, name: str, request: str, *, days: float | None, replaces: bool) -> Signed:
    """Return the chain for the text (PEM) of a certificate request."""
    asked = {"name": name, "request": request, "days": days, "replace": replaces}
    return struct_of(remote.send("POST", "/sensors/requests", asked), Signed)


def renew(remote: Remote, hosts: list[str], *, new_keys: bool, force: bool) -> ListenerCertificate:
    """Give the listener a new certificate."""
    made = remote.send("POST", "/sensors/renew", {"hosts": hosts, "new_keys": new_keys, "force": force})
    return ListenerCertificate(made["fingerprint"], _seconds(made["not_after"]) or 0, tuple(made["pins"]))


def authority(remote: Remote) -> str:
    """Return the certificate of the fleet's authority (PEM)."""
    return str(remote.get("/sensors/authority")["certificate"])


def end(remote: Remote, name: str, op: str) -> None:
    """Revoke a sensor, or forget one that was revoked."""
    if op == "revoke":
        remote.send("POST", f"/sensors/{place(name)}/revoke")
    else:
        remote.send("DELETE", f"/sensors/{place(name)}")


_TIMES = ("valid_until", "enrolled_at", "renewed_at", "last_events_at", "last_contact_at")


def _enrolment(name: str, master: str, hours: float, *, replaces: bool) -> dict[str, Any]:
    return {"name": name, "master": master, "hours": hours, "replace": replaces}


def _seconds(text: str | None) -> int | None:
    return None if text is None else ns_of(text) // SECOND_NS
