# SPDX-License-Identifier: MIT
"""Which client may publish and subscribe to what, decided by the socket credentials that the kernel reports.

A worker may publish the workers' subjects, one with an account of its own (`decnet init`) only its own; only the
operator, and `api` for people who have logged in, may send orders; only the operator may subscribe to other clients'
replies.

Pure, except for `resolved`, which reads the system's user database once, when the broker starts.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from decnet_core.bus.interface import BusError
from decnet_core.bus.protocol.match import MAX_SUBJECT, ONE, REST, covers, is_pattern, matches
from decnet_core.bus.settings import Role
from decnet_core.bus.subjects import HEALTH, SPOOL_APPENDED

_MAX_REMEMBERED = 4096


OPERATOR = Role(name="operator", publish=(">",), subscribe=(">",))
WORKER = Role(
    name="worker",
    publish=("spool.>", "events.>", "notice.>", "fleet.>", "system.*.health", "system.*.lost", "_INBOX.>"),
    subscribe=("spool.>", "events.>", "notice.>", "fleet.>", "grouping.>", "intel.>", "system.>", "_INBOX.>"),
)
_FOR_THE_OPERATOR = {
    "api": (
        *("events.ingested", "notice.>", "fleet.>", "grouping.>", "intel.>", "system.*.control", "_INBOX.>"),
        HEALTH.of("api"),
    )
}
"""Workers that give the operator's orders, for people who have logged in: what they may publish."""
_NOBODY = Role(name="nobody")
_INBOX = "_INBOX"
_ACCOUNT = "decnet-"  # what the accounts of the workers' units begin with
NO_WORKERS = frozenset({"decnet-supervise", "decnet-db"})
"""Accounts of the fleet that are no worker's; the first may host them all."""


def own(worker: str) -> Role:
    """Return the permissions of the worker of this name, if it has an account of its own."""
    usual = (SPOOL_APPENDED.of(worker), "events.>", "notice.>", "fleet.>", HEALTH.of(worker), "_INBOX.>")
    publish = _FOR_THE_OPERATOR.get(worker, usual)
    return Role(name=worker, publish=publish, subscribe=WORKER.subscribe)


class Credentials(msgspec.Struct, frozen=True):
    """The process, user and groups of a client."""

    pid: int
    uid: int
    gids: frozenset[int]


class Access:
    """One role's permissions, with a bounded cache of earlier answers."""

    def __init__(self, role: Role) -> None:
        for pattern in role.publish + role.subscribe:
            if not is_pattern(pattern):
                raise BusError(f"[bus] role {role.name}: {pattern!r} is no subject pattern")
        self.role = role.name
        self._publish = role.publish
        self._subscribe = role.subscribe
        self._remembered: dict[str, bool] = {}

    def may_publish(self, subject: str) -> bool:
        allowed = self._remembered.get(subject)
        if allowed is None:
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            allowed = any(matches(pattern, subject) for pattern in self._publish)
            if len(subject) <= MAX_SUBJECT:
                self._remembered[subject] = allowed
        return allowed

    def may_subscribe(self, pattern: str) -> bool:
        """Return whether this role may subscribe to `pattern`, that is to all it covers."""
        if REST in self._subscribe:
            return True
        return not _listens_in(pattern) and any(covers(allowed, pattern) for allowed in self._subscribe)


def _listens_in(pattern: str) -> bool:
    """Return whether `pattern` covers inboxes of more than one client: their names are unguessable secrets."""
    first, _, rest = pattern.partition(".")
    return first in (_INBOX, ONE, REST) and rest.partition(".")[0] in ("", ONE, REST)


NOBODY = Access(_NOBODY)
"""Of a client that has yet to show its credentials."""


class Roles:
    """Finds the role of a connection: the operator's, else the first that names it, else its worker's or a worker's."""

    def __init__(
        self,
        roles: Iterable[tuple[Role, frozenset[int], frozenset[int]]],
        operators: frozenset[int],
        own_uid: int,
        workers: Mapping[int, str],
    ) -> None:
        """Take each role with its user and group numbers, the operator groups' numbers, and workers by user number."""
        self.operator = Access(OPERATOR)
        self.worker = Access(WORKER)
        self._named = [(Access(role), uids, gids) for role, uids, gids in roles]
        self._workers = {uid: Access(own(name)) for uid, name in workers.items()}
        self._operators = operators
        self._own_uid = own_uid

    def of(self, client: Credentials) -> Access:
        if client.uid in (0, self._own_uid) or client.gids & self._operators:
            return self.operator
        for access, uids, gids in self._named:
            if client.uid in uids or client.gids & gids:
                return access
        return self._workers.get(client.uid, self.worker)

    def named(self, name: str) -> Access:
        """Return the role called `name`; BusError when there is none."""
        for access in (self.operator, self.worker, *(access for access, _, _ in self._named)):
            if access.role == name:
                return access
        raise BusError(f"[bus] there is no role {name!r}")


def resolved(roles: Iterable[Role], operator_group: str, own_uid: int) -> Roles:
    """Return the roles with their users and groups looked up; BusError names an unknown one."""
    operators = frozenset({group_number(operator_group)} if operator_group else ())
    numbered = [
        (role, frozenset(map(user_number, role.users)), frozenset(map(group_number, role.groups))) for role in roles
    ]
    return Roles(numbered, operators, own_uid, workers_accounts())


def workers_accounts() -> dict[int, str]:
    """Return the workers' accounts on this host by uid."""
    import pwd

    ours = (entry for entry in pwd.getpwall() if entry.pw_name.startswith(_ACCOUNT))
    return {entry.pw_uid: entry.pw_name.removeprefix(_ACCOUNT) for entry in ours if entry.pw_name not in NO_WORKERS}


def user_number(name: str) -> int:
    """Return the uid of `name`, which may be a number already."""
    import pwd

    return _number(name, "user", lambda: pwd.getpwnam(name).pw_uid)


def group_number(name: str) -> int:
    """Return the gid of `name`, which may be a number already."""
    import grp

    return _number(name, "group", lambda: grp.getgrnam(name).gr_gid)


def _number(name: str, kind: str, look_up: Callable[[], int]) -> int:
    if name.isdecimal():
        return int(name)
    try:
        return look_up()
    except KeyError as error:
        raise BusError(f"[bus] this system has no {kind} {name!r}; create it or change the setting") from error
