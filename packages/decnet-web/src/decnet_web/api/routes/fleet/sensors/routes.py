# SPDX-License-Identifier: MIT
"""Sensor hosts: list, enrol, renew, revoke."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.responses import Response, StreamingResponse

from decnet.swarm import bundle as bundles
from decnet.swarm.members import Listed, Listing, listed
from decnet_core.timing.durations import SECOND_NS
from decnet_swarm.listener.settings import ListenerSettings
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Admin, InFleet, Viewer
from decnet_web.api.routes.fleet.downloads import headers_of
from decnet_web.api.routes.fleet.host_only import or_on_host
from decnet_web.api.routes.fleet.sensors.shapes import (
    AuthorityShown,
    EnrolmentAsked,
    EnrolmentMade,
    ListenerRenewed,
    RenewAsked,
    RequestAsked,
    RequestSigned,
    SensorList,
    SensorShown,
)

router = APIRouter(tags=["sensors"])

_BUNDLE = "application/zip"
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_PIECE = 64 << 10

Name = Annotated[str, InPath(max_length=255, description="The sensor's name.")]


@router.get("/sensors")
async def list_sensors(fleet: InFleet, _viewer: Viewer) -> SensorList:
    """List sensors with what they sent last, and tokens that wait to be used."""
    with or_on_host("decnet swarm list"):
        listing = await fleet.thread(lambda: listed(fleet.deployment))
    return _listing(fleet, listing)


@router.get("/sensors/authority")
async def show_sensor_authority(fleet: InFleet, _viewer: Viewer) -> AuthorityShown:
    """Show the fleet's authority, which senders that are set up by hand must trust."""
    with or_on_host("decnet swarm authority"):
        return AuthorityShown(certificate=await fleet.thread(lambda: _swarm().authority_certificate(fleet.deployment)))


@router.post("/sensors/enrolments", status_code=201)
async def enrol_sensor(asked: EnrolmentAsked, fleet: InFleet, admin: Admin) -> EnrolmentMade:
    """Make the command that makes another host a sensor of this fleet; it works once, and is shown once."""
    with or_on_host(f"decnet swarm token {shlex.quote(asked.name)}"):
        made = await fleet.thread(
            lambda: _swarm().offer(
                fleet.deployment, asked.name, master=asked.master, hours=asked.hours, replaces=asked.replace
            )
        )
    await audited(fleet, admin, "sensor.enrol", asked.name, hours=asked.hours, replace=asked.replace)
    return EnrolmentMade(
        name=made.name,
        command=made.command,
        token=made.token,
        master=made.master,
        expires_at=made.expires_at * SECOND_NS,
    )


@router.post("/sensors/bundles", response_class=Response, responses={200: {"content": {_BUNDLE: _FILE}}})
async def make_sensor_bundle(asked: EnrolmentAsked, fleet: InFleet, admin: Admin) -> Response:
    """Write one file that makes another host a sensor, offline: wheels, address and token; `python3 FILE` there."""
    with or_on_host(f"decnet swarm bundle {shlex.quote(asked.name)}"):
        file = await fleet.thread(lambda: _bundle(fleet, asked))
    await audited(fleet, admin, "sensor.bundle", asked.name, hours=asked.hours, replace=asked.replace)
    return StreamingResponse(_pieces(file), media_type=_BUNDLE, headers=headers_of(f"{asked.name}.pyz"))


@router.post("/sensors/requests", status_code=201)
async def sign_sensor_request(asked: RequestAsked, fleet: InFleet, admin: Admin) -> RequestSigned:
    """Sign the certificate request of a sender that is set up by hand."""
    with or_on_host(f"decnet swarm enrol {shlex.quote(asked.name)} --csr FILE"):
        made = await fleet.thread(
            lambda: _swarm().sign_text(
                fleet.deployment, asked.name, asked.request, days=asked.days, replaces=asked.replace
            )
        )
    await audited(fleet, admin, "sensor.sign", asked.name, replace=asked.replace)
    return RequestSigned(name=made.name, chain=made.chain, authority=made.authority)


@router.post("/sensors/renew")
async def renew_listener(asked: RenewAsked, fleet: InFleet, admin: Admin) -> ListenerRenewed:
    """Give the listener a new certificate; sensors renew theirs by themselves."""
    with or_on_host("decnet swarm renew"):
        made = await fleet.thread(
            lambda: _swarm().renew(fleet.deployment, asked.hosts, new_keys=asked.new_keys, force=asked.force)
        )
    await audited(fleet, admin, "sensor.renew", None, new_keys=asked.new_keys, force=asked.force)
    return ListenerRenewed(fingerprint=made.fingerprint, not_after=made.not_after * SECOND_NS, pins=list(made.pins))


@router.post("/sensors/{name}/revoke", status_code=204)
async def revoke_sensor(name: Name, fleet: InFleet, admin: Admin) -> None:
    """Reject a sensor and its unused token from now on; its connection ends at once, its events stay."""
    with or_on_host(f"decnet swarm revoke {shlex.quote(name)}"):
        await fleet.thread(lambda: _swarm().revoke(fleet.deployment, name))
    await audited(fleet, admin, "sensor.revoke", name)


@router.delete("/sensors/{name}", status_code=204)
async def forget_sensor(name: Name, fleet: InFleet, admin: Admin) -> None:
    """Take a revoked sensor out of the list."""
    with or_on_host(f"decnet swarm forget {shlex.quote(name)}"):
        await fleet.thread(lambda: _swarm().forget(fleet.deployment, name))
    await audited(fleet, admin, "sensor.forget", name)


def _swarm() -> ModuleType:
    """Return what issues certificates, in the thread that does: only then `cryptography` is needed, which is large."""
    from decnet.swarm import sensors

    return sensors


def _bundle(fleet: InFleet, asked: EnrolmentAsked) -> BinaryIO:
    """Return the bundle, a file that has no name any more: it goes with the answer."""
    wheels = bundles.wheels_of(bundles.default_wheelhouse())
    folder = fleet.deployment.state.run_of("api")
    folder.mkdir(parents=True, exist_ok=True)
    made = _swarm().offer(fleet.deployment, asked.name, master=asked.master, hours=asked.hours, replaces=asked.replace)
    order = bundles.Order(asked.name, made.master, made.token, *bundles.built_for(wheels))
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=folder) as directory:
        path = Path(directory) / "sensor.pyz"
        bundles.write(path, wheels, order)
        return path.open("rb")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _listing(fleet: InFleet, listing: Listing) -> SensorList:
    listening = bool(fleet.deployment.settings.section("listener", ListenerSettings).listen)
    until = listing.listener_until
    return SensorList(
        items=[_sensor(one) for one in listing.sensors],
        listening=listening,
        listener_until=None if until is None else until * SECOND_NS,
        ending=listing.ending,
    )


def _sensor(one: Listed) -> SensorShown:
    last = one.last_events_at
    return SensorShown.model_validate(
        {
            "name": one.name,
            "state": one.state,
            "valid_until": _ns(one.valid_until),
            "enrolled_at": _ns(one.enrolled_at),
            "renewed_at": _ns(one.renewed_at),
            "address": one.address,
            "last_events_at": _ns(last),
            "last_contact_at": _ns(one.last_contact_at),
            "connected": one.connected,
            "silent_seconds": None if last is None else max(0.0, time.time() - last),
            "fingerprints": list(one.fingerprints),
        }
    )


def _ns(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * SECOND_NS
