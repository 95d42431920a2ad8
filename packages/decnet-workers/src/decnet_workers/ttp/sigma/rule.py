# SPDX-License-Identifier: MIT
"""Parses a Sigma rule or correlation rule and checks every name in it.

`logsource` has `product: decnet` and, as `category`, the kind of event that the rule reads. A list of kinds is this
product's one addition to Sigma. Rules for other logs work where `logs/logsources.toml` says what of an event their
fields are.
"""

from collections.abc import Callable
from uuid import UUID

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_workers.ttp.attack import TACTICS, fate, technique, technique_ids
from decnet_workers.ttp.sigma import detection
from decnet_workers.ttp.sigma.correlation import Count, count_of
from decnet_workers.ttp.sigma.detection import Pools, Scope, Test
from decnet_workers.ttp.sigma.errors import RuleError, suggestion
from decnet_workers.ttp.sigma.located import Located
from decnet_workers.ttp.sigma.logs.source import source_of
from decnet_workers.ttp.sigma.modifiers import Matcher
from decnet_workers.ttp.sigma.view import View

LEVELS = ("informational", "low", "medium", "high", "critical")
STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
_MAX_TITLE = 256


class About(msgspec.Struct, frozen=True):
    """A rule's metadata; `techniques` are ATT&CK ids such as T1110.001."""

    id: UUID
    title: str
    level: str
    techniques: tuple[str, ...]
    line: int
    name: str | None = None
    key: str = ""
    """`id` as text."""


class Rule(msgspec.Struct, frozen=True):
    """A rule on single events of `kinds`."""

    about: About
    kinds: tuple[type[Payload], ...]
    matches: Callable[[View], bool]
    reads: frozenset[str | None] = frozenset({None})
    """The attributes of envelope and payload on which `matches` depends; None: on all of the payload."""
    tests: tuple[Test, ...] = ()
    """The tests whose results determine that of `matches`, each of as few attributes as can be."""


class Correlation(msgspec.Struct, frozen=True):
    """A rule on the number of events matched by other rules."""

    about: About
    count: Count


def parse(document: Located, pools: Pools | None = None) -> Rule | Correlation:
    """Return the rule of one YAML document; raises RuleError with the line of the error.

    Rules that are parsed with the same `pools` have their regular expressions searched together.
    """
    fields = document.data
    if not isinstance(fields, dict):
        raise RuleError("a rule is a map with title, id, logsource and detection", document.line)
    about = _about(fields, document.line)
    if "correlation" in fields:
        return Correlation(about, count_of(fields["correlation"]))
    source = source_of(_required(fields, "logsource", document.line))
    scope = Scope(source, {} if pools is None else pools, set())
    matches = detection.compiled(_required(fields, "detection", document.line), scope)
    if source.commands:
        matches = _of_any_command(matches)
    reads = frozenset(scope.reads)
    whole = source.commands or len(reads) == 1 or None in reads
    tests = (Test(reads, matches),) if whole else tuple(scope.tests)
    return Rule(about, source.kinds, matches, reads, tests)


def _of_any_command(matches: Matcher) -> Matcher:
    def match(view: View) -> bool:
        return any(matches(part) for part in view.commands())

    return match


def _about(fields: dict[str, Located], line: int) -> About:
    title = _text(_required(fields, "title", line), "title")
    if len(title) > _MAX_TITLE:
        raise RuleError(f"the title is longer than {_MAX_TITLE} characters", fields["title"].line)
    if "status" in fields:
        _chosen(fields["status"], "status", STATUSES)
    id_ = _id(_required(fields, "id", line))
    return About(
        id=id_,
        key=str(id_),
        title=title,
        level=_chosen(fields["level"], "level", LEVELS) if "level" in fields else "informational",
        techniques=_techniques(fields.get("tags")),
        line=line,
        name=_text(fields["name"], "name") if "name" in fields else None,
    )


def _required(fields: dict[str, Located], name: str, line: int) -> Located:
    if name not in fields:
        raise RuleError(f"the rule has no {name!r}", line)
    return fields[name]


def _text(value: Located, name: str) -> str:
    if not isinstance(value.data, str) or not value.data.strip():
        raise RuleError(f"{name!r} must be a text", value.line)
    return value.data


def _chosen(value: Located, name: str, known: tuple[str, ...]) -> str:
    word = _text(value, name)
    if word not in known:
        raise RuleError(f"{name} cannot be {word!r}{suggestion(word, known)}", value.line)
    return word


def _id(value: Located) -> UUID:
    try:
        return UUID(_text(value, "id"))
    except ValueError as error:
        raise RuleError("'id' must be a UUID; `uuidgen` makes one", value.line) from error


def _techniques(tags: Located | None) -> tuple[str, ...]:
    if tags is None:
        return ()
    if not isinstance(tags.data, list):
        raise RuleError("'tags' must be a list", tags.line)
    techniques = [_technique(_text(tag, "tags"), tag.line) for tag in tags.data]
    return tuple(sorted({one for one in techniques if one is not None}))


def _technique(tag: str, line: int) -> str | None:
    """Return the technique of a tag; None for a tactic and for tags of other namespaces."""
    namespace, _, word = tag.lower().partition(".")
    if namespace != "attack":
        return None
    if not (word[:1] == "t" and word[1:2].isdigit()):
        if word.replace("_", "-") not in TACTICS and word[:1] not in ("g", "s"):
            raise RuleError(f"ATT&CK has no tactic {word!r}{suggestion(word, TACTICS)}", line)
        return None
    number = word.upper()
    if technique(number) is None:
        raise RuleError(f"ATT&CK has no technique {number}{_instead(number)}", line)
    return number


def _instead(number: str) -> str:
    became = fate(number)
    if became is None:
        return suggestion(number, technique_ids())
    return f"; it became {became}" if became.startswith("T") else f" any more: it is {became}"
