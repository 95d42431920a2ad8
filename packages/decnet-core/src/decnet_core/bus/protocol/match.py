# SPDX-License-Identifier: MIT
"""Which subscriptions a subject reaches: NATS subjects, their wildcards, and a routing table with queue groups.

The table walks a trie level by level (never by recursion: a subject may have two thousand tokens) and remembers
the answers for subjects it has seen, because a fleet publishes few subjects very often.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

ONE = "*"
REST = ">"
MAX_SUBJECT = 1024  # characters; leaves room for a reply subject in one control line of 4 KiB
MAX_REMEMBERED = 4096
_LONGEST_REMEMBERED = 128
_MOST_RECIPIENTS = 65_536  # in all remembered answers together
_SPACE = frozenset(" \t\r\n")  # what ends a word on the wire; other white space is part of it, as in nats-server

Member = TypeVar("Member")


def is_subject(text: str) -> bool:
    """Return whether one may publish to `text`: non-empty tokens, no white space, no wildcard."""
    return _well_formed(text) and not any(token in (ONE, REST) for token in text.split("."))


def is_pattern(text: str) -> bool:
    """Return whether one may subscribe to `text`: as a subject, but `*` may be any token and `>` the last."""
    return _well_formed(text) and REST not in text.split(".")[:-1]


def is_queue(text: str) -> bool:
    """Return whether `text` may name a queue group: not empty, no white space."""
    return 0 < len(text) <= MAX_SUBJECT and _SPACE.isdisjoint(text)


def matches(pattern: str, subject: str) -> bool:
    """Return whether `pattern` covers `subject`; `>` stands for one token or more, as in NATS."""
    wanted, tokens = pattern.split("."), subject.split(".")
    for index, want in enumerate(wanted):
        if index >= len(tokens):
            return False
        if want == REST:
            return True
        if want not in (ONE, tokens[index]):
            return False
    return len(wanted) == len(tokens)


def covers(pattern: str, narrower: str) -> bool:
    """Return whether `pattern` covers every subject that the pattern `narrower` covers."""
    if narrower.endswith(REST) and not pattern.endswith(REST):
        return False
    return matches(pattern, narrower)


def _well_formed(text: str) -> bool:
    return 0 < len(text) <= MAX_SUBJECT and _SPACE.isdisjoint(text) and "" not in text.split(".")


class Route(msgspec.Struct, Generic[Member], frozen=True):
    """Who gets a message: every one of `plain`, and one member of each of `groups`."""

    plain: tuple[Member, ...] = ()
    groups: tuple[tuple[Member, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.plain or self.groups)


class _Node(Generic[Member]):
    __slots__ = ("children", "groups", "plain")

    def __init__(self) -> None:
        self.children: dict[str, _Node[Member]] = {}
        self.plain: dict[Member, None] = {}
        self.groups: dict[str, dict[Member, None]] = {}

    @property
    def empty(self) -> bool:
        return not (self.children or self.plain or self.groups)


class Routes(Generic[Member]):
    """Subscriptions by pattern; a queue group is one group whatever patterns its members chose, as in NATS."""

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self._root: _Node[Member] = _Node()
        self._max_remembered = max_remembered
        self._remembered: dict[str, Route[Member]] = {}
        self._recipients = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, pattern: str, member: Member, queue: str | None = None) -> None:
        """Let `member` receive what matches `pattern`, alone or as one of `queue`."""
        node = self._root
        for token in pattern.split("."):
            node = node.children.setdefault(token, _Node())
        members = node.plain if queue is None else node.groups.setdefault(queue, {})
        self._size += member not in members
        members[member] = None
        self._forget(pattern)

    def remove(self, pattern: str, member: Member, queue: str | None = None) -> None:
        path = list(self._path(pattern))
        if len(path) <= pattern.count("."):
            return
        node = path[-1][1]
        members = node.plain if queue is None else node.groups.get(queue, {})
        if member not in members:
            return
        del members[member]
        self._size -= 1
        if queue is not None and not members:
            del node.groups[queue]
        self._prune(path)
        self._forget(pattern)

    def match(self, subject: str) -> Route[Member]:
        route = self._remembered.get(subject)
        if route is None:
            route = self._walk(subject)
            if len(subject) <= _LONGEST_REMEMBERED:
                self._remember(subject, route)
        return route

    def _remember(self, subject: str, route: Route[Member]) -> None:
        self._recipients += len(route.plain) + sum(map(len, route.groups))
        if len(self._remembered) >= self._max_remembered or self._recipients > _MOST_RECIPIENTS:
            self._forget(REST)
        self._remembered[subject] = route

    def _walk(self, subject: str) -> Route[Member]:
        nodes: list[_Node[Member]] = []
        level = [self._root]
        tokens = subject.split(".")
        if "" in tokens:  # no subject at all: not even `>` stands for it
            return Route()
        for token in tokens:
            below: list[_Node[Member]] = []
            for node in level:
                children = node.children
                if REST in children:
                    nodes.append(children[REST])
                if ONE in children:
                    below.append(children[ONE])
                if token in children and token not in (ONE, REST):
                    below.append(children[token])
            level = below
        return _merged(nodes + level)

    def _path(self, pattern: str) -> Iterator[tuple[_Node[Member], _Node[Member], str]]:
        node = self._root
        for token in pattern.split("."):
            child = node.children.get(token)
            if child is None:
                return
            yield node, child, token
            node = child

    def _prune(self, path: list[tuple[_Node[Member], _Node[Member], str]]) -> None:
        for parent, node, token in reversed(path):
            if not node.empty:
                return
            del parent.children[token]

    def _forget(self, pattern: str) -> None:
        if ONE in pattern or REST in pattern:
            self._remembered.clear()
            self._recipients = 0
        else:
            self._remembered.pop(pattern, None)


def _merged(nodes: list[_Node[Member]]) -> Route[Member]:
    plain = tuple(member for node in nodes for member in node.plain)
    groups: dict[str, dict[Member, None]] = {}
    for node in nodes:
        for queue, members in node.groups.items():
            groups.setdefault(queue, {}).update(members)
    return Route(plain, tuple(tuple(members) for members in groups.values()))
