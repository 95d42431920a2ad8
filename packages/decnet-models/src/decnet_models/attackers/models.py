# SPDX-License-Identifier: MIT
"""The attackers and what they did, as SQLModel classes. Texts are the attackers' own: escape before showing them."""

from decnet_models.attackers import tables
from decnet_models.table_model import TableModel, related


class Seen(TableModel):
    """How often and when something was seen: columns that most tables of the domain have."""

    events: int = 0
    """How many events mention it."""
    first_seen: int
    """The time of its first event."""
    last_seen: int
    """The time of its last event."""


class Attacker(Seen, table=True):
    """An address that touched a decky, with counts of what it did."""

    __table__ = tables.attacker

    ip: str
    """The IPv4 or IPv6 address in canonical text form (RFC 5952)."""
    connections: int = 0
    """Connections to decoy services."""
    sessions: int = 0
    """Interactive sessions."""
    logins: int = 0
    """Login attempts."""
    logins_accepted: int = 0
    """Login attempts that a decoy accepted."""
    commands: int = 0
    """Command lines entered."""
    requests: int = 0
    """HTTP requests."""
    files: int = 0
    """Files uploaded or fetched."""
    scans: int = 0
    """Port scans."""
    canary_hits: int = 0
    """Uses of canary tokens."""
    score: int = 0
    """How dangerous the attacker is, from 0 to 100 (`decnet_models.attackers.scoring.score`)."""
    behaviour_score: int = 0
    """The part of the score that its behaviour makes; the other is the verdict's."""
    verdict: str = "unknown"
    """The worst one of others on the address: malicious, suspicious, benign or unknown (`intel_verdict`)."""

    decky_rows: list["AttackerDecky"] = related(order_by="AttackerDecky.first_seen")
    service_rows: list["AttackerService"] = related(order_by="AttackerService.first_seen")
    phase_rows: list["AttackerPhase"] = related(order_by="AttackerPhase.first_seen")
    tool_rows: list["AttackerTool"] = related(order_by="AttackerTool.first_seen")
    activity_rows: list["AttackerActivity"] = related(order_by="AttackerActivity.minute")
    session_rows: list["AttackerSession"] = related(order_by="AttackerSession.first_seen")
    credential_use_rows: list["CredentialUse"] = related(order_by="CredentialUse.first_seen")
    command_rows: list["Command"] = related(order_by="Command.seq")
    fingerprint_rows: list["Fingerprint"] = related(order_by="Fingerprint.first_seen")
    canary_hit_rows: list["CanaryHit"] = related(order_by="CanaryHit.seq")


class AttackerDecky(Seen, table=True):
    """A decky that an attacker touched."""

    __table__ = tables.attacker_decky

    attacker: str
    """The attacker's address."""
    decky: str
    """The decky's name."""

    attacker_row: Attacker = related()


class AttackerService(Seen, table=True):
    """A decoy service that an attacker used."""

    __table__ = tables.attacker_service

    attacker: str
    """The attacker's address."""
    service: str
    """The name of the service: ssh, http, ..."""

    attacker_row: Attacker = related()


class AttackerPhase(Seen, table=True):
    """A phase of the kill chain that an attacker reached."""

    __table__ = tables.attacker_phase

    attacker: str
    """The attacker's address."""
    phase: str
    """The phase, by the name of the ATT&CK tactic where one fits."""

    attacker_row: Attacker = related()


class AttackerTool(Seen, table=True):
    """A tool that an attacker's clients identify themselves as, or are recognised as."""

    __table__ = tables.attacker_tool

    attacker: str
    """The attacker's address."""
    tool: str
    """The name of the tool: nmap, hydra, ..."""
    purpose: str
    """What the tool is for: scanner, survey, brute force, exploitation, botnet, library or client."""

    attacker_row: Attacker = related()


class AttackerActivity(TableModel, table=True):
    """A minute in which an attacker was active; of these the rhythm of its visits is computed."""

    __table__ = tables.attacker_activity

    attacker: str
    """The attacker's address."""
    minute: int
    """Minutes since the Unix epoch."""
    events: int = 0
    """Events in this minute."""
    arrivals: int = 0
    """Connections, port scans and canary hits in this minute."""
    first_arrival: int | None = None
    """The time of the first of these."""
    last_arrival: int | None = None
    """The time of the last of these."""

    attacker_row: Attacker = related()


class AttackerSession(Seen, table=True):
    """An interactive session; null where unknown (yet)."""

    __table__ = tables.attacker_session

    attacker: str
    """The attacker's address."""
    session: str
    """The id of the session, as in `event.session`."""
    commands: int = 0
    """Command lines entered."""
    first_command: int | None = None
    """The time of the first command line."""
    last_command: int | None = None
    """The time of the last command line."""
    first_seq: int
    """`event.seq` of the earliest event of the session, which names the service and the decky."""
    service: str | None = None
    """The service of the session."""
    decky: str | None = None
    """The decky of the session."""
    opened_seq: int | None = None
    """`event.seq` of the event that opened the session."""
    opened_at: int | None = None
    """When the session was opened."""
    username: str | None = None
    """The user name that the attacker logged in with."""
    terminal: str | None = None
    """The attacker's terminal type."""
    closed_seq: int | None = None
    """`event.seq` of the event that closed the session."""
    closed_at: int | None = None
    """When the session was closed."""
    duration_ms: int | None = None
    """How long the session lasted, in milliseconds."""
    recording: str | None = None
    """The SHA-256 of its asciicast recording in the artifact store."""
    typing: str | None = None
    """The rhythm of its input as JSON (`decnet_core.events.typing_digest`); null: nothing was typed."""

    attacker_row: Attacker = related()
    command_rows: list["Command"] = related(
        primaryjoin="and_(foreign(Command.attacker) == AttackerSession.attacker, "
        "foreign(Command.session) == AttackerSession.session)",
        order_by="Command.seq",
    )


class Credential(TableModel, table=True):
    """A user name with a password or a public key, over all attackers and services."""

    __table__ = tables.credential

    digest: str
    """The digest of user name, password and public key."""
    uses: int = 0
    """How often it was tried."""
    accepted: int = 0
    """How often a decoy accepted it."""
    first_seen: int
    """When it was first tried."""
    last_seen: int
    """When it was last tried."""
    first_seq: int
    """`event.seq` of the earliest event in which it was tried."""
    username: str | None = None
    """The user name."""
    password: str | None = None
    """The password; null: it was a public key."""
    public_key: str | None = None
    """The fingerprint of the public key; null: it was a password."""

    use_rows: list["CredentialUse"] = related(order_by="CredentialUse.first_seen")


class CredentialUse(TableModel, table=True):
    """A credential that an attacker tried on a service of a decky."""

    __table__ = tables.credential_use

    attacker: str
    """The attacker's address."""
    credential: str
    """The digest of the credential."""
    service: str
    """The service on which it was tried."""
    decky: str
    """The decky on which it was tried; empty: the event named none."""
    uses: int = 0
    """How often it was tried there."""
    accepted: int = 0
    """How often it was accepted there."""
    first_seen: int
    """When it was first tried there."""
    last_seen: int
    """When it was last tried there."""

    attacker_row: Attacker = related()
    credential_row: Credential = related()


class Command(TableModel, table=True):
    """A command line that an attacker entered."""

    __table__ = tables.command

    seq: int
    """`event.seq` of its event."""
    attacker: str
    """The attacker's address."""
    session: str | None = None
    """The session in which it was entered."""
    ts: int
    """When it was entered."""
    service: str
    """The service on which it was entered."""
    decky: str | None = None
    """The decky on which it was entered."""
    text: str
    """The command line."""
    known: bool
    """Whether the decoy's shell knew the command."""

    attacker_row: Attacker = related()
    session_row: AttackerSession | None = related(
        primaryjoin="and_(foreign(Command.attacker) == AttackerSession.attacker, "
        "foreign(Command.session) == AttackerSession.session)"
    )


class Fingerprint(Seen, table=True):
    """Something by which an attacker's client can be recognised."""

    __table__ = tables.fingerprint

    attacker: str
    """The attacker's address."""
    type: str
    """What kind of fingerprint it is: ssh.software, http.user_agent, ssh.public_key, ..."""
    value: str
    """The fingerprint."""

    attacker_row: Attacker = related()


class CanaryHit(TableModel, table=True):
    """A use of a canary token."""

    __table__ = tables.canary_hit

    seq: int
    """`event.seq` of its event."""
    attacker: str
    """The address that used the token."""
    token: str
    """The token."""
    channel: str
    """How it was used: http or dns."""
    ts: int
    """When it was used."""
    target: str | None = None
    """The URL path or the DNS name that was asked for."""
    user_agent: str | None = None
    """The User-Agent header of the request."""
    scanner: str | None = None
    """Why a link scanner is taken to have used it, not a person."""

    attacker_row: Attacker = related()
