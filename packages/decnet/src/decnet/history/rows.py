# SPDX-License-Identifier: MIT
"""How sessions, credentials, techniques and the like are shown as rows of a table."""

from decnet.history.summary import LoginUsed, Used
from decnet.show.times import moment, size
from decnet_models.artifacts.queries import Artifact
from decnet_models.attackers.profile import Attacker, Session
from decnet_models.ttp.queries import TechniqueUsed
from decnet_workers.ttp.attack import technique

SESSION = ("opened", "attacker", "service", "decky", "user", "seconds", "commands", "session", "recorded")
CREDENTIAL = ("user", "password or key", "tries", "accepted", "attackers")
TECHNIQUE = ("technique", "name", "tags", "attackers", "first seen", "last seen")
ATTACKER = ("attacker", "score", "events in all", "first seen", "last seen")
ARTIFACT = ("last seen", "size", "SHA-256")


def session(one: Session) -> tuple[object, ...]:
    return (
        moment(one.opened_at if one.opened_at is not None else one.first_seen),
        *(one.attacker, one.service, one.decky, one.username),
        None if one.duration_ms is None else round(one.duration_ms / 1000, 1),
        *(one.commands, one.session, "yes" if one.recording else "no"),
    )


def credential(one: LoginUsed) -> tuple[object, ...]:
    return one.username, one.secret, one.tries, one.accepted, one.attackers


def technique_used(one: TechniqueUsed) -> tuple[object, ...]:
    known = technique(one.technique)
    name = known.name if known else None
    return one.technique, name, one.tags, one.attackers, moment(one.first_seen), moment(one.last_seen)


def attacker(one: Attacker) -> tuple[object, ...]:
    return one.ip, one.score, one.events, moment(one.first_seen), moment(one.last_seen)


def artifact(one: Artifact) -> tuple[object, ...]:
    return moment(one.last_seen), None if one.size is None else size(one.size), one.sha256


def used(one: Used) -> tuple[object, ...]:
    return one.times, one.attackers, one.value
