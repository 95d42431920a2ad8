# SPDX-License-Identifier: MIT
"""How urgent each kind of notice is, and what its title says. A kind that is not here is of medium severity."""

import msgspec


class Wording(msgspec.Struct, frozen=True):
    """Words for a kind; `{names}` in a title are fields of the notice."""

    severity: str
    title: str
    decisive: str = ""
    """The field that shows what the attacker did."""


WORDING: dict[str, Wording] = {
    "attacker.observed": Wording("low", "New attacker {attacker}"),
    "attacker.judged": Wording("medium", "Others call {attacker} {verdict}"),
    "credential.captured": Wording("medium", "{attacker} tried to log in to {service} as {username}"),
    "credential.reused": Wording("medium", "Several actors use the password of {username}"),
    "session.ended": Wording("medium", "Session of {attacker} on {service} ended after {commands} commands"),
    "ttp.tagged": Wording("medium", "{technique} {title} by {attacker}", "action"),
    "canary.hit": Wording("high", "Canary token {label} was used by {attacker}", "target"),
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
    "webhook.test": Wording("informational", "{message}"),
}

SUBJECTS = (
    "incident",
    "worker",
    "sensor",
    "disk",
    "certificate",
    "identity",
    "campaign",
    "session",
    "attacker",
    "decky",
)
"""Fields that name what a notice is about, the narrowest first."""

ENDS = frozenset({"decky.repaired", "campaign.ended", "incident.closed"})
"""Kinds that end what another kind of the same group began."""
