# SPDX-License-Identifier: MIT
"""How urgent each kind of notice is, and what its title says. A kind that is not here is of medium severity."""

import msgspec


class Wording(msgspec.Struct, frozen=True):
    """Words for a kind; `{names}` in a title are fields of the notice."""

    severity: str
    """Empty: `incidents.severity` judges the notice by what it says."""
    title: str
    decisive: str = ""
    """The field that shows what the attacker did."""


WORDING: dict[str, Wording] = {
    "attacker.observed": Wording("low", "New attacker {attacker}"),
    "attacker.judged": Wording("", "Others call {attacker} {verdict}"),
    "credential.captured": Wording("", "{attacker} tried to log in to {service} as {username}"),
    "credential.reused": Wording("medium", "Several actors use the password of {username}"),
    "session.ended": Wording("", "Session of {attacker} on {service} ended after {commands} commands"),
    "ttp.tagged": Wording("", "{technique} {title} by {attacker}", "action"),
    "canary.hit": Wording("", "Canary token {label} was used by {attacker}", "target"),
    "bait.read": Wording("", "Bait {path} on {decky} was read by {attacker}", "label"),
    "decky.drifted": Wording("medium", "Decky {decky} is not as it should be"),
    "decky.repaired": Wording("informational", "Decky {decky} was repaired"),
    "decky.failed": Wording("high", "Decky {decky} cannot be repaired", "error"),
    "identity.formed": Wording("medium", "{members} attackers are one actor"),
    "identity.grew": Wording("low", "An actor uses {members} addresses now"),
    "identity.merged": Wording("low", "Two actors are one"),
    "campaign.formed": Wording("medium", "{members} actors act together"),
    "campaign.grew": Wording("low", "A campaign has {members} actors now"),
    "campaign.ended": Wording("informational", "A campaign of {members} actors has ended"),
    "incident.opened": Wording("medium", "{title}", "line"),
    "incident.grew": Wording("medium", "{title}", "line"),
    "incident.escalated": Wording("high", "Escalated ({reason}): {title}", "line"),
    "incident.acknowledged": Wording("informational", "Acknowledged by {who}: {title}", "line"),
    "incident.closed": Wording("informational", "Closed by {who}: {title}", "line"),
    "incident.digest": Wording("medium", "{incidents} incidents, told together: {reason}"),
    "worker.down": Wording("high", "Worker {worker} is down: {state}", "reason"),
    "worker.recovered": Wording("informational", "Worker {worker} runs again"),
    "disk.low": Wording("high", "The disk of {disk} is nearly full"),
    "disk.recovered": Wording("informational", "The disk of {disk} has room again"),
    "certificate.expiring": Wording("medium", "The certificate of sensor {certificate} ends soon"),
    "certificate.renewed": Wording("informational", "Sensor {certificate} has a new certificate"),
    "report.written": Wording("informational", "Report: {headline}"),
    "database.unhealthy": Wording("high", "The database {database} is not healthy", "reason"),
    "database.recovered": Wording("informational", "The database {database} is healthy again"),
    "sensor.silent": Wording("high", "Sensor {sensor} is silent"),
    "sensor.back": Wording("informational", "Sensor {sensor} is there again"),
    "webhook.test": Wording("informational", "{message}"),
}

SUBJECTS = (
    "incident",
    "worker",
    "sensor",
    "disk",
    "database",
    "certificate",
    "identity",
    "campaign",
    "session",
    "attacker",
    "decky",
)
"""Fields that name what a notice is about, the narrowest first."""

ENDS = frozenset(
    {
        "decky.repaired",
        "campaign.ended",
        "incident.closed",
        "worker.recovered",
        "disk.recovered",
        "database.recovered",
        "sensor.back",
        "certificate.renewed",
    }
)
"""Kinds that end what another kind of the same group began."""
