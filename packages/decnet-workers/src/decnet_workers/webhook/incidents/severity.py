# SPDX-License-Identifier: MIT
"""How severe a notice is: by what happened, by the technique, and by the threat score of the attacker.

The highest of these counts; an incident has the severity of its most severe notice, and never becomes less severe.

| severity | by what happened | by the level of the rule | by the score |
|---|---|---|---|
| critical | a technique that destroys | critical | 80 or more |
| high | a canary token was used; a technique of IMPACT_OF_TECHNIQUES | high | 50 or more |
| medium | a log-in was accepted, a session with commands, others call the address malicious | medium | 25 or more |
| low | anything else | low, informational | below 25 |
"""

from decnet_core.events.notices import (
    AttackerJudged,
    CanaryTriggered,
    CredentialCaptured,
    Notice,
    SessionEnded,
    TechniqueTagged,
)

LOW, MEDIUM, HIGH, CRITICAL = 1, 2, 3, 4
WORDS = {LOW: "low", MEDIUM: "medium", HIGH: "high", CRITICAL: "critical"}
NUMBERS = {word: number for number, word in WORDS.items()}

SCORES = ((80, CRITICAL), (50, HIGH), (25, MEDIUM))
"""Thresholds of the threat score, highest first."""

IMPACT_OF_TECHNIQUES = {
    **dict.fromkeys(("T1485", "T1486", "T1490", "T1561"), CRITICAL),
    **dict.fromkeys(("T1003", "T1021", "T1041", "T1048", "T1053", "T1068", "T1098", "T1105", "T1136"), HIGH),
    **dict.fromkeys(("T1489", "T1496", "T1505", "T1543", "T1547", "T1548", "T1552", "T1570", "T1611"), HIGH),
}
"""ATT&CK techniques, with all of their sub-techniques, that are at least so severe whatever the level of the rule."""

_LEVELS = {"medium": MEDIUM, "high": HIGH, "critical": CRITICAL}


def severity_of(notice: Notice) -> str:
    """Return the severity of a notice by itself, as a word."""
    return WORDS[severity(notice)]


def severity(notice: Notice, score: int = 0) -> int:
    """Return how severe a notice is, 1 to 4, given the threat score of its attacker."""
    return max(_of_what(notice), of_score(score))


def of_score(score: int) -> int:
    return next((number for least, number in SCORES if score >= least), LOW)


def of_technique(technique: str) -> int:
    return IMPACT_OF_TECHNIQUES.get(technique.partition(".")[0], LOW)


def _of_what(notice: Notice) -> int:
    if isinstance(notice, TechniqueTagged):
        return max(_LEVELS.get(notice.level, LOW), of_technique(notice.technique))
    if isinstance(notice, CanaryTriggered):
        return HIGH
    if isinstance(notice, CredentialCaptured):
        return MEDIUM if notice.accepted else LOW
    if isinstance(notice, SessionEnded):
        return MEDIUM if notice.commands else LOW
    return MEDIUM if isinstance(notice, AttackerJudged) and notice.verdict == "malicious" else LOW
