# SPDX-License-Identifier: MIT
"""How people name groups and what is in them: an id, its first digits, or a member; attackers by their address."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Uuid

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet_core.net.addresses import canonical
from decnet_models.grouping.membership import groups_of, ids_between, members, resolved
from decnet_models.grouping.shape import Grouping

_DIGITS = re.compile(r"[0-9a-f]{4,32}")
_MOST = 100_000


def subject_named(g: Grouping[Any], text: str) -> Any:
    """Return the attacker or identity that `text` names, whether there is one or not."""
    subject = _subject(g, text)
    if subject is None:
        raise WrongUsageError(f"{text!r} is not {'an id' if _has_id(g) else 'an IPv4 or IPv6 address'}")
    return subject


def group_named(connection: Connection, g: Grouping[Any], text: str) -> UUID:
    """Return the group that an id, its first digits (4 or more) or a member names: that into which it was merged."""
    subject = _subject(g, text)
    inside = None if subject is None else groups_of(connection, g, [subject]).get(subject)
    if inside is not None:
        return inside
    if isinstance(subject, str):
        raise NotFoundError(f"{subject} has shown nothing yet by which it could be recognised")
    found = _by_id(connection, g, text)
    if found is None:
        raise NotFoundError(f"there is no {g.key} {text}; decnet {_plural(g.key)} lists them")
    return found


def member_named(connection: Connection, g: Grouping[Any], text: str) -> Any:
    """Return the subject that `text` names, or of the group that it names the member that was seen first."""
    subject = _subject(g, text)
    if isinstance(subject, str):
        group_named(connection, g, text)
        return subject
    group = _by_id(connection, g, text)
    if group is None:
        return subject or group_named(connection, g, text)
    inside = members(connection, g, group, _MOST)
    if not inside:
        raise NotFoundError(f"{g.key} {group} has no members any more")
    return min(inside, key=lambda one: (one.first_seen, one.subject)).subject


def _by_id(connection: Connection, g: Grouping[Any], text: str) -> UUID | None:
    digits = text.replace("-", "").lower()
    if not _DIGITS.fullmatch(digits):
        raise WrongUsageError(f"{text!r} is {'not an id' if _has_id(g) else 'neither an address nor an id'}")
    found = ids_between(connection, g, UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")), 2)
    if len(found) > 1:
        raise WrongUsageError(f"several ids begin with {text}; write more of it")
    return resolved(connection, g, found[0]) if found else None


def _subject(g: Grouping[Any], text: str) -> str | UUID | None:
    if not _has_id(g):
        return canonical(text)
    try:
        return UUID(text)
    except ValueError:
        return None


def _has_id(g: Grouping[Any]) -> bool:
    """Return whether subjects are named by ids, not by addresses."""
    return isinstance(g.member.c[g.subject].type, Uuid)


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
