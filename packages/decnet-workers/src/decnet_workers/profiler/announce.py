# SPDX-License-Identifier: MIT
"""The notices of a batch; keys depend on the events alone, so repeating it repeats no notice."""

from collections.abc import Callable, Iterable

import msgspec

from decnet_core.events.catalogue import CanaryHit, LoginAttempt, SessionClosed
from decnet_core.events.notices import AttackerObserved, CanaryTriggered, CredentialCaptured, Notice, SessionEnded
from decnet_core.text import for_column
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.logins import Login
from decnet_workers.profiler.observation import NAME, name, service_of


class Touched(msgspec.Struct, frozen=True):
    """An event with the canonical address of its attacker, and the logins that it reports."""

    attacker: str
    stored: StoredEvent
    logins: tuple[Login, ...]


Use = tuple[str, str, str]
"""Attacker, credential digest, service."""


def uses_in(touched: Iterable[Touched]) -> set[Use]:
    """Return the credentials tried, by attacker and service."""
    return {_use(one.attacker, login) for one in touched for login in one.logins}


def notices(
    touched: Iterable[Touched], *, known: set[str], known_uses: set[Use], label: Callable[[str], str]
) -> list[tuple[str, Notice]]:
    """Return key and notice of what is new in `touched`, each key once, in the order of the events.

    `known` attackers and `known_uses` were there before the batch; `label` returns where a canary token was planted.
    """
    by_key: dict[str, Notice] = {}
    for one in touched:
        attacker, stored = one.attacker, one.stored
        if attacker not in known and (key := f"attacker.observed:{attacker}") not in by_key:
            by_key[key] = _observed(attacker, stored)
        payload = stored.event.payload
        for login in one.logins:
            use = _use(attacker, login)
            if use not in known_uses and (key := "credential.captured:" + ":".join(use)) not in by_key:
                by_key[key] = _captured(attacker, stored, login.attempt)
        if isinstance(payload, SessionClosed) and stored.event.session:
            session = for_column(stored.event.session, NAME)
            by_key.setdefault(f"session.ended:{attacker}:{session}", _ended(attacker, session, stored, payload))
        elif isinstance(payload, CanaryHit):
            by_key[f"canary.hit:{stored.event.id}"] = _triggered(attacker, stored, payload, label)
    return list(by_key.items())


def _use(attacker: str, login: Login) -> Use:
    return attacker, login.digest, name(login.attempt.service) or ""


def _observed(attacker: str, stored: StoredEvent) -> AttackerObserved:
    event = stored.event
    return AttackerObserved(
        ts=event.ts, attacker=attacker, decky=_text(event.decky), service=_text(service_of(event.payload))
    )


def _captured(attacker: str, stored: StoredEvent, payload: LoginAttempt) -> CredentialCaptured:
    return CredentialCaptured(
        ts=stored.event.ts,
        attacker=attacker,
        service=for_column(payload.service, NAME),
        username=for_column(payload.username),
        password=_text(payload.password),
        accepted=payload.success,
        decky=_text(stored.event.decky),
    )


def _ended(attacker: str, session: str, stored: StoredEvent, payload: SessionClosed) -> SessionEnded:
    return SessionEnded(
        ts=stored.event.ts,
        attacker=attacker,
        session=session,
        service=for_column(payload.service, NAME),
        duration_ms=payload.duration_ms,
        commands=payload.commands,
        decky=_text(stored.event.decky),
        recording=_text(payload.recording),
    )


def _triggered(attacker: str, stored: StoredEvent, payload: CanaryHit, label: Callable[[str], str]) -> CanaryTriggered:
    token = for_column(payload.token, NAME)
    return CanaryTriggered(
        ts=stored.event.ts,
        attacker=attacker,
        token=token,
        label=label(token),
        channel=for_column(payload.channel, 32),
        target=_text(payload.target),
    )


def _text(text: str | None) -> str | None:
    return None if text is None else for_column(text)
