# SPDX-License-Identifier: MIT
"""The users of a Redis and what each of them may do (redis.io/docs/management/security/acl).

A client can make users, as intruders do to come back; how many, and how many rules each of them has, is bounded.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from decnet_decoys.errors import DecoysError
from decnet_decoys.redis.about.command_table import Details, details, keys
from decnet_decoys.redis.protocol import text

_Rule = TypeVar("_Rule", str, tuple[str, str])

MOST_USERS = 16
MOST_RULES = 32
"""Of each kind that one user has."""
LONGEST_RULE = 128
"""Bytes."""
CATEGORIES = (
    *("keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo"),
    *("stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting"),
)
"""Of commands, in the server's order."""

_SYNTAX = "Syntax error"
_UNKNOWN = "Unknown command or category name in ACL"
_FULL = "out of memory"
_WRITES = frozenset({"insert", "delete", "update"})
_KEYS = re.compile(r"%(R|W|RW|WR)~(.*)", re.IGNORECASE | re.DOTALL)
_HASH = re.compile(r"[0-9a-f]{64}")
_AFTER_ALL = (
    "Adding a pattern after the * pattern (or the 'all{kind}s' flag) is not valid and does not have any effect. "
    "Try 'reset{kind}s' to start with an empty list of {plural}"
)


class RuleRefused(DecoysError):
    """Why a rule is not taken, in the server's words."""


def digest(password: str) -> str:
    """Return a password as the server keeps it: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(password.encode("utf-8", "surrogateescape")).hexdigest()


@lru_cache(maxsize=64)
def _matches(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


@dataclass
class Rights:
    """A set of rules: which commands, on which keys and channels."""

    commands: list[str] = field(default_factory=lambda: ["-@all"])
    """The last one that fits a command decides."""
    keys: list[tuple[str, str]] = field(default_factory=list)
    """Patterns, and for which of R and W they are."""
    channels: list[str] = field(default_factory=list)

    def add(self, rule: str) -> None:
        """Take a rule; raises `RuleRefused` and changes nothing when the server would not take it."""
        low = rule.lower()
        if low in ("allkeys", "resetkeys"):
            self.keys = [("RW", "*")] if low == "allkeys" else []
        elif low in ("allchannels", "resetchannels"):
            self.channels = ["*"] if low == "allchannels" else []
        elif low in ("allcommands", "nocommands"):
            self._command("+@all" if low == "allcommands" else "-@all")
        elif rule.startswith(("~", "%")):
            self._key(rule)
        elif rule.startswith("&"):
            if "*" in self.channels and rule != "&*":
                raise RuleRefused(_AFTER_ALL.format(kind="channel", plural="channels"))
            self.channels = ["*"] if rule == "&*" else _added(self.channels, rule[1:])
        elif rule.startswith(("+", "-")):
            self._command(low)
        else:
            raise RuleRefused(_SYNTAX)

    def _key(self, rule: str) -> None:
        if ("RW", "*") in self.keys and rule != "~*":
            raise RuleRefused(_AFTER_ALL.format(kind="key", plural="patterns"))
        found = _KEYS.fullmatch(rule)
        if found is None and rule.startswith("%"):
            raise RuleRefused(_SYNTAX)
        mode, pattern = ("".join(sorted(found[1].upper())), found[2]) if found else ("RW", rule[1:])
        self.keys = [("RW", "*")] if (mode, pattern) == ("RW", "*") else _added(self.keys, (mode, pattern))

    def _command(self, rule: str) -> None:
        target = rule[1:]
        if target == "@all":
            self.commands = [rule]
            return
        known = target[1:] in CATEGORIES if target.startswith("@") else details(target) is not None
        if not known and not (rule[0] == "+" and _is_argument(target)):
            raise RuleRefused(_UNKNOWN)
        older = [one for one in self.commands if one[1:] != target and not one[1:].startswith(f"{target}|")]
        self.commands = _added(older, rule)

    def allows(self, command: Details) -> bool:
        container = command.name.partition("|")[0]
        named = ("@all", command.name, container, *command.categories)
        return next((one[0] == "+" for one in reversed(self.commands) if one[1:] in named), False)

    def allows_key(self, name: str, flags: Sequence[str]) -> bool:
        """Return whether one of the patterns lets a command do with a key what its flags say."""
        needs = {"R"} if "access" in flags else set()
        needs |= {"W"} if _WRITES & set(flags) else set()
        return any(needs <= set(mode) and _matches(pattern).match(name) for mode, pattern in self.keys)

    def allows_channel(self, name: str, *, literally: bool) -> bool:
        """Return whether one of the patterns fits a channel, or is a pattern itself (`literally`)."""
        return any(
            pattern in ("*", name) or (not literally and _matches(pattern).match(name)) for pattern in self.channels
        )

    def refused(self, command: Details, words: Sequence[bytes]) -> tuple[str, str]:
        """Return what of a request is not allowed (`command`, `key`, `channel`) and its name; empty: all is allowed."""
        if not self.allows(command):
            return "command", command.name
        for key in keys(command, words):
            if not self.allows_key(text(key.name), key.flags):
                return "key", text(key.name)
        for channel in _channels(command, words):
            if not self.allows_channel(channel, literally=command.name == "psubscribe"):
                return "channel", channel
        return "", ""

    @property
    def key_patterns(self) -> str:
        return " ".join(f"~{pattern}" if mode == "RW" else f"%{mode}~{pattern}" for mode, pattern in self.keys)

    @property
    def channel_patterns(self) -> str:
        return " ".join(f"&{pattern}" for pattern in self.channels)

    @property
    def line(self) -> str:
        """The rules as ACL LIST shows them."""
        channels = self.channel_patterns
        if "*" not in self.channels:
            channels = f"resetchannels {channels}".rstrip()
        return " ".join(filter(None, (self.key_patterns, channels, *self.commands)))


@dataclass
class User:
    """An account."""

    name: str
    is_on: bool = False
    without_password: bool = False
    sanitizes: bool = False
    """Whether it says so: `sanitize-payload`, which a `reset` sets."""
    passwords: list[str] = field(default_factory=list)
    """Their digests."""
    rights: Rights = field(default_factory=Rights)
    selectors: list[Rights] = field(default_factory=list)
    """Further rights; a request is allowed if one of all allows it."""
    is_removed: bool = False

    @classmethod
    def default(cls, password: str) -> User:
        """Return the user that all clients are who do not name one."""
        user = cls("default", is_on=True, rights=Rights(["+@all"], [("RW", "*")], ["*"]))
        user.set_password(password)
        return user

    @property
    def is_open(self) -> bool:
        """Whether a client is this user without having logged in, if it is the default one."""
        return self.is_on and self.without_password

    def set_password(self, password: str) -> None:
        """Have one password, or, when it is empty, need none."""
        self.passwords, self.without_password = [digest(password)] if password else [], not password

    def accepts(self, password: str) -> bool:
        given = digest(password)
        return self.is_on and (self.without_password or given in self.passwords)

    @property
    def may_do_all(self) -> bool:
        """Whether no request needs to be looked at."""
        return self.rights.commands == ["+@all"] and self.rights.keys == [("RW", "*")] and "*" in self.rights.channels

    def refused(self, command: Details, words: Sequence[bytes]) -> tuple[str, str]:
        """Return what `Rights.refused` does, for all rights of the user: what comes furthest says why."""
        each = [one.refused(command, words) for one in (self.rights, *self.selectors)]
        return ("", "") if ("", "") in each else next((one for one in each if one[0] != "command"), each[0])

    def change(self, rules: Sequence[str]) -> None:
        """Take rules, one after the other; raises `RuleRefused` at the first that the server would not take."""
        for rule in rules:
            try:
                self._take(rule)
            except RuleRefused as reason:
                raise RuleRefused(f"Error in ACL SETUSER modifier '{rule}': {reason}") from None

    def _take(self, rule: str) -> None:  # a case for each kind of rule
        low = rule.lower()
        if len(rule) > LONGEST_RULE:
            raise RuleRefused(_FULL)
        if low in ("on", "off"):
            self.is_on = low == "on"
        elif low in ("sanitize-payload", "skip-sanitize-payload"):
            self.sanitizes = low == "sanitize-payload"
        elif low in ("nopass", "resetpass"):
            self.passwords, self.without_password = [], low == "nopass"
        elif low == "clearselectors":
            self.selectors = []
        elif low == "reset":
            self.is_on, self.without_password, self.sanitizes = False, False, True
            self.passwords, self.rights, self.selectors = [], Rights(), []
        elif rule.startswith((">", "#", "<", "!")):
            self._password(rule)
        elif rule.startswith("("):
            self._selector(rule)
        else:
            self.rights.add(rule)

    def _password(self, rule: str) -> None:
        kept = digest(rule[1:]) if rule[0] in "><" else rule[1:]
        if not _HASH.fullmatch(kept):
            raise RuleRefused(
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            )
        if rule[0] in ">#":
            self.passwords, self.without_password = _added(self.passwords, kept), False
        elif kept in self.passwords:
            self.passwords = [one for one in self.passwords if one != kept]
        else:
            raise RuleRefused("The password you are trying to remove from the user does not exist")

    def _selector(self, rule: str) -> None:
        further = Rights()
        for one in rule[1:-1].split():
            further.add(one)
        self.selectors = [*self.selectors, further][:MOST_RULES]

    @property
    def flags(self) -> list[str]:
        """What ACL GETUSER calls so."""
        named = {"nopass": self.without_password, "sanitize-payload": self.sanitizes}
        return ["on" if self.is_on else "off", *(name for name, is_set in named.items() if is_set)]

    @property
    def line(self) -> str:
        """The user as ACL LIST shows it."""
        secrets = [f"#{one}" for one in self.passwords]
        further = [f"({one.line})" for one in self.selectors]
        return " ".join(["user", self.name, *self.flags, *secrets, self.rights.line, *further])


def joined(rules: Sequence[str]) -> list[str]:
    """Return rules with those between parentheses made one; raises `RuleRefused` where one is not closed."""
    found: list[str] = []
    for rule in rules:
        if found and found[-1].startswith("(") and not found[-1].endswith(")"):
            found[-1] += f" {rule}"
        else:
            found.append(rule)
    if found and found[-1].startswith("(") and not found[-1].endswith(")"):
        raise RuleRefused(f"Unmatched parenthesis in acl selector starting at '{found[-1].split(' ')[0]}'.")
    return found


def _is_argument(target: str) -> bool:
    """Return whether it is a command without subcommands and a first argument: a rule that is kept and fits nothing."""
    found = details(target.partition("|")[0])
    return found is not None and "|" in target and not found.subcommands


def _added(known: list[_Rule], new: _Rule) -> list[_Rule]:
    if new in known:
        return known
    if len(known) >= MOST_RULES:
        raise RuleRefused(_FULL)
    return known + [new]  # noqa: RUF005  # which mypy cannot tell the type of


def _channels(command: Details, words: Sequence[bytes]) -> list[str]:
    """Return the channels or patterns that a request names."""
    if command.name in ("publish", "spublish"):
        return [text(words[1])]
    return [text(one) for one in words[1:]] if command.name in ("subscribe", "ssubscribe", "psubscribe") else []
