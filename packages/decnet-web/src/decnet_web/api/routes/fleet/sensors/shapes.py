# SPDX-License-Identifier: MIT
"""Sensor hosts and what makes another host one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment


class SensorShown(Answer):
    """A sensor, or one that may enrol."""

    name: str
    state: Literal["enrolled", "expired", "revoked", "waiting"]
    """Waiting: for its token to be used."""
    valid_until: Moment | None
    """Of its certificate, or of its token."""
    enrolled_at: Moment | None
    renewed_at: Moment | None
    address: str
    """From which it enrolled or renewed last."""
    last_events_at: Moment | None
    """When the listener last stored events of it."""
    last_contact_at: Moment | None
    """When the listener heard it last, if only that it is still there."""
    connected: bool
    silent_seconds: float | None
    """How long ago `last_events_at` is."""
    fingerprints: list[str]
    """SHA-256 of its certificates."""


class SensorList(Answer):
    """All sensors and unused tokens."""

    items: list[SensorShown]
    listening: bool
    """Whether sensors can reach this host: [listener] listen is set."""
    listener_until: Moment | None
    """When the listener's own certificate ends."""
    ending: bool
    """Whether it should be renewed."""


class EnrolmentAsked(Asked):
    """A host that is to become a sensor."""

    name: str = Field(min_length=1, max_length=63)
    """As its events will show it."""
    master: str = Field("", max_length=255)
    """Host, or HOST:PORT, by which it reaches this one; empty: [listener] public."""
    hours: float = Field(24.0, ge=0.01, le=24 * 90)
    """How long the token is valid."""
    replace: bool = False
    """It is enrolled already: its old certificates become invalid."""


class EnrolmentMade(Answer):
    """The one command to run on the new sensor, as root if systemd is to run it; it works once."""

    name: str
    command: str
    token: str
    master: str
    expires_at: Moment


class RequestAsked(Asked):
    """A certificate request of a sender that is set up by hand, e.g. rsyslog."""

    name: str = Field(min_length=1, max_length=63)
    request: str = Field(max_length=16384)
    """PEM, key on P-256."""
    days: float | None = Field(None, ge=0.01, le=3650)
    replace: bool = False


class RequestSigned(Answer):
    """Its certificate chain and the fleet's authority, both PEM."""

    name: str
    chain: str
    authority: str


class RenewAsked(Asked):
    """A new certificate of the listener."""

    hosts: list[str] = Field([], max_length=32)
    """Names of this host, for syslog senders that check it."""
    new_keys: bool = False
    """Also change keys; sensors expect the next."""
    force: bool = False
    """Even if some sensors do not know the next key yet."""


class ListenerRenewed(Answer):
    """The listener's new certificate."""

    fingerprint: str
    not_after: Moment
    pins: list[str]
    """Of the keys that sensors expect."""


class AuthorityShown(Answer):
    """The fleet's authority, which senders that are set up by hand must trust."""

    certificate: str
    """PEM."""
