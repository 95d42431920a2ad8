# SPDX-License-Identifier: MIT
"""The notices to external systems, each kind declared once with its typed body.

A notice is a row first (the transactional outbox) and a nudge on `notice.<kind>` after commit.
The row's `key` makes writing it idempotent:
the same finding about the same thing is one notice, however often a batch is repeated.
"""

from typing import ClassVar

import msgspec


class _Notice(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=True):
    """The base of all notices: tag field, time (ns since the Unix epoch) and the attacker's address."""


class AttackerObserved(_Notice, frozen=True, tag="attacker.observed"):
    """An address touched the deception network for the first time."""

    ts: int
    attacker: str
    decky: str | None = None
    service: str | None = None


class CredentialCaptured(_Notice, frozen=True, tag="credential.captured"):
    """An attacker tried a login; `accepted`: whether the decoy accepted it."""

    ts: int
    attacker: str
    service: str
    username: str
    password: str | None = None
    accepted: bool = False
    decky: str | None = None


class SessionEnded(_Notice, frozen=True, tag="session.ended"):
    """An interactive session ended."""

    ts: int
    attacker: str
    session: str
    service: str
    duration_ms: int
    commands: int
    decky: str | None = None
    recording: str | None = None
    """SHA-256 of its asciicast v2 file in the artifact store."""


class TechniqueTagged(_Notice, frozen=True, tag="ttp.tagged"):
    """A rule recognised an ATT&CK technique in an attacker's action."""

    ts: int
    attacker: str
    technique: str
    """As ATT&CK numbers it, e.g. T1110.001."""
    rule: str
    """The id of the Sigma rule."""
    title: str
    level: str
    """The rule's: informational, low, medium, high or critical."""
    session: str | None = None
    decky: str | None = None
    event: str = ""
    """The id of the event that fired the rule, of a correlation the last one; `decnet events --id` shows it."""
    action: str = ""
    """What the attacker did there: the command line, the request, ...; attacker input, at most 1,024 characters."""


class CanaryTriggered(_Notice, frozen=True, tag="canary.hit"):
    """A canary token was used; `label` says where its owner planted it."""

    ts: int
    attacker: str
    token: str
    label: str
    channel: str
    """http, dns or wireguard; of a planted password or key the decoy's service, e.g. ssh."""
    target: str | None = None
    """The request target or the queried name, whole; of a planted password or key the user name."""


class BaitOpened(_Notice, frozen=True, tag="bait.read"):
    """A planted file with a canary token was read on a decky; `label` says which token it is."""

    ts: int
    attacker: str
    token: str
    label: str
    path: str
    service: str
    decky: str | None = None
    session: str | None = None


class AttackerJudged(_Notice, frozen=True, tag="attacker.judged"):
    """The worst verdict of other parties on an attacker changed."""

    ts: int
    attacker: str
    verdict: str
    """malicious, suspicious, benign or unknown."""
    before: str = "unknown"
    reasons: tuple[str, ...] = ()
    """`provider: reason` for each reason of those that gave it."""


class DeckyDrifted(_Notice, frozen=True, tag="decky.drifted"):
    """A decky was found other than it should be."""

    ts: int
    decky: str
    drift: tuple[str, ...]
    """How, as sentences."""


class DeckyRepaired(_Notice, frozen=True, tag="decky.repaired"):
    """A decky that had drifted is as it should be."""

    ts: int
    decky: str
    drift: tuple[str, ...]
    """What was found and repaired."""


class DeckyFailed(_Notice, frozen=True, tag="decky.failed"):
    """A decky cannot be made what it should be; it is tried again, without another notice while it fails."""

    ts: int
    decky: str
    error: str


Reason = tuple[str, str, float]
"""The kind and value of what attackers share, and its weight in bits."""


class IdentityFormed(_Notice, frozen=True, tag="identity.formed"):
    """Several attackers were recognised as one actor."""

    ts: int
    identity: str
    members: int
    attackers: tuple[str, ...]
    """Of many, some."""
    because: tuple[Reason, ...] = ()


class IdentityGrew(_Notice, frozen=True, tag="identity.grew"):
    """More attackers were recognised as members of an identity."""

    ts: int
    identity: str
    members: int
    joined: tuple[str, ...]
    """Of many, some."""
    because: tuple[Reason, ...] = ()


class IdentityMerged(_Notice, frozen=True, tag="identity.merged"):
    """Two identities of several attackers were recognised as one; `source` is in `identity` now."""

    ts: int
    identity: str
    source: str
    members: int
    because: tuple[Reason, ...] = ()


class CredentialReused(_Notice, frozen=True, tag="credential.reused"):
    """A credential that is not common was tried by attackers of several identities."""

    ts: int
    username: str
    password: str
    identities: tuple[str, ...]
    attackers: tuple[str, ...]


class CampaignFormed(_Notice, frozen=True, tag="campaign.formed"):
    """Identities were found to act together."""

    MOST_NAMED: ClassVar[int] = 20
    """Members that a notice names."""

    ts: int
    """Of the latest event."""
    campaign: str
    """The id of the campaign."""
    members: int
    """How many identities it has."""
    first_seen: int
    identities: tuple[str, ...] = ()
    """The ids of some of them."""


class CampaignGrew(_Notice, frozen=True, tag="campaign.grew"):
    """More identities were found to belong to a campaign."""

    ts: int
    """Of the latest event."""
    campaign: str
    members: int
    """How many identities it has now."""
    joined: int
    """How many of them are new."""
    identities: tuple[str, ...] = ()
    """The ids of some of its members."""


class CampaignEnded(_Notice, frozen=True, tag="campaign.ended"):
    """A campaign has been silent for twice as long as it ever was before."""

    ts: int
    """When it had been, in the time of events."""
    campaign: str
    members: int
    last_seen: int
    longest_silence: int
    """The longest silence before, in ns."""


class WorkerDown(_Notice, frozen=True, tag="worker.down"):
    """A worker of this host has been down for ten seconds."""

    ts: int
    worker: str
    state: str
    """restarting, crash loop or cannot start; of a unit of systemd failed."""
    reason: str = ""


class WorkerRecovered(_Notice, frozen=True, tag="worker.recovered"):
    """A worker that was down runs again."""

    ts: int
    worker: str
    since: int
    """When it was told that it is down."""


class DiskLow(_Notice, frozen=True, tag="disk.low"):
    """The disk of the state directory has less than 5 % and less than 1 GiB free."""

    ts: int
    disk: str
    """The directory."""
    free: int
    """Bytes."""
    size: int
    """Bytes."""


class DiskRecovered(_Notice, frozen=True, tag="disk.recovered"):
    """The disk has room again."""

    ts: int
    disk: str
    since: int
    """When it was told that it is low."""


class DatabaseUnhealthy(_Notice, frozen=True, tag="database.unhealthy"):
    """The database is damaged and could not be mended by itself, or did not answer: told when it can be written to."""

    ts: int
    database: str
    """The file; of a server `database`."""
    since: int
    """When it was seen first."""
    reason: str = ""


class DatabaseRecovered(_Notice, frozen=True, tag="database.recovered"):
    """The database answers again, or another file has taken its place."""

    ts: int
    database: str
    since: int
    """When it was told, or seen, that it is unhealthy."""


class SensorSilent(_Notice, frozen=True, tag="sensor.silent"):
    """A sensor has not been heard for as long as `[listener] silent_seconds`: it is down, or cut off."""

    ts: int
    sensor: str
    heard_at: int
    """When it was heard last."""


class SensorBack(_Notice, frozen=True, tag="sensor.back"):
    """A sensor that was silent has been heard again, or was revoked."""

    ts: int
    sensor: str
    since: int
    """When it was told that it is silent."""


class CertificateExpiring(_Notice, frozen=True, tag="certificate.expiring"):
    """A sensor's certificate ends within seven days: it has not renewed it, as it should have."""

    ts: int
    certificate: str
    """The name of the sensor."""
    ends_at: int


class CertificateRenewed(_Notice, frozen=True, tag="certificate.renewed"):
    """The sensor has a new certificate, or was revoked."""

    ts: int
    certificate: str
    since: int
    """When it was told that the old one ends."""


class _IncidentNotice(_Notice, frozen=True):
    """What the notices of an incident have in common: the incident as it is when the notice is written."""

    ts: int
    """When it was written."""
    incident: int
    """The number of the incident, the same in all of its notices."""
    severity: str
    """low, medium, high or critical."""
    state: str
    """new, acknowledged or closed."""
    attacker: str
    """The address with which it began."""
    first_seen: int
    last_seen: int
    notices: int
    """How many notices belong to it."""
    fresh: int
    """How many of them came after what was told of it before."""
    title: str
    """What happened, as one sentence of ours."""
    line: str = ""
    """What shows best what happened: the command, the request, the token's label; attacker input."""
    line_kind: str = ""
    """The kind of the notice that the line is from."""
    score: int = 0
    """The highest threat score of its attackers."""
    attackers: int = 1
    """How many addresses."""
    identity: str | None = None
    """The actor whose addresses they are, once there are several."""
    counts: dict[str, int] = {}
    """The number of notices by kind."""
    deckies: tuple[str, ...] = ()
    """Of many, some; so also services and techniques."""
    services: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    reason: str = ""
    """Of an escalation: severity, size or unacknowledged."""
    who: str = ""
    """Who acknowledged or closed it."""
    note: str = ""
    """What that person wrote."""


class IncidentOpened(_IncidentNotice, frozen=True, tag="incident.opened"):
    """Somebody began to act against the deception network: the first notice of an incident."""


class IncidentGrew(_IncidentNotice, frozen=True, tag="incident.grew"):
    """More happened in an incident; told at growing intervals."""


class IncidentEscalated(_IncidentNotice, frozen=True, tag="incident.escalated"):
    """An incident became more severe or much larger, or nobody acknowledges it."""


class IncidentAcknowledged(_IncidentNotice, frozen=True, tag="incident.acknowledged"):
    """Somebody took charge of an incident."""


class IncidentClosed(_IncidentNotice, frozen=True, tag="incident.closed"):
    """Somebody closed an incident."""


class IncidentDigest(_Notice, frozen=True, tag="incident.digest"):
    """Many incidents told together: more than can be read singly, or what quiet hours kept back."""

    ts: int
    reason: str
    """storm or quiet hours."""
    since: int
    until: int
    incidents: int
    severities: dict[str, int]
    """The number of incidents by severity."""
    worst: tuple[int, ...] = ()
    """The numbers of the most severe ones."""
    attackers: tuple[str, ...] = ()
    """Theirs; so also deckies and techniques."""
    deckies: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    webhook: str | None = None
    """The only endpoint that it is for; without one for all that receive incidents."""


class ReportWritten(_Notice, frozen=True, tag="report.written"):
    """What happened in a span of time: the page of `decnet report`, by schedule or because the operator sent it."""

    ts: int
    since: int
    until: int
    headline: str
    """What happened, in one sentence of ours."""
    events: int = 0
    attackers: int = 0
    new_attackers: int = 0
    """How many of them had never been here before."""
    text: str = ""
    """The report as plain text; attacker input is escaped as for a terminal."""
    html: str = ""
    """The report as a page that needs nothing else; attacker input is escaped."""


class TestNotice(_Notice, frozen=True, tag="webhook.test"):
    """The operator asked to test one endpoint."""

    __test__ = False  # not a test class for pytest

    ts: int
    webhook: str
    message: str = "This is a test notice from DECNET."


IncidentNotice = IncidentOpened | IncidentGrew | IncidentEscalated | IncidentAcknowledged | IncidentClosed

Notice = (
    AttackerObserved
    | CredentialCaptured
    | SessionEnded
    | TechniqueTagged
    | CanaryTriggered
    | BaitOpened
    | AttackerJudged
    | DeckyDrifted
    | DeckyRepaired
    | DeckyFailed
    | IdentityFormed
    | IdentityGrew
    | IdentityMerged
    | CredentialReused
    | CampaignFormed
    | CampaignGrew
    | CampaignEnded
    | WorkerDown
    | WorkerRecovered
    | DiskLow
    | DiskRecovered
    | CertificateExpiring
    | CertificateRenewed
    | DatabaseRecovered
    | DatabaseUnhealthy
    | SensorBack
    | SensorSilent
    | IncidentOpened
    | IncidentGrew
    | IncidentEscalated
    | IncidentAcknowledged
    | IncidentClosed
    | IncidentDigest
    | ReportWritten
    | TestNotice
)

NOTICES: tuple[type[Notice], ...] = Notice.__args__

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Notice] = msgspec.json.Decoder(Notice)


def notice_kind(notice: Notice | type[Notice]) -> str:
    """Return the notice's kind: `attacker.observed`, `ttp.tagged`, ..."""
    return str(notice.__struct_config__.tag)


def encode_notice(notice: Notice) -> bytes:
    return _encoder.encode(notice)


def decode_notice(text: bytes | str) -> Notice:
    """Return what `encode_notice` wrote; raises msgspec.DecodeError for anything else."""
    return _decoder.decode(text)


NOTICE_KINDS: dict[str, type[Notice]] = {notice_kind(notice): notice for notice in NOTICES}
