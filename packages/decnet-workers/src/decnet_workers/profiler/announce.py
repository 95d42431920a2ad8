# SPDX-License-Identifier: MIT
"""The notices of a batch; keys depend on the events alone, so repeating it repeats no notice."""

from collections.abc import Callable, Iterable

import msgspec

from decnet_core.events.catalogue import BaitRead, CanaryHit, LoginAttempt, SessionClosed
from decnet_core.events.notices import (
    AttackerObserved,
    BaitOpened,
    CanaryTriggered,
    CredentialCaptured,
    Notice,
    SessionEnded,
    notice_kind,
)
from decnet_core.text import for_column
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.logins import Login
from decnet_workers.profiler.observation import NAME, name, service_of


class Touched(msgspec.Struct, frozen=True):
    """An event with the canonical address of its attacker, and the logins that it reports.

    `bait` is the canary token whose password or key was tried.
    """

    attacker: str
    stored: StoredEvent
    logins: tuple[Login, ...]
    bait: str | None = None


Use = tuple[str, str, str]
"""Attacker, credential digest, service."""


def uses_in(touched: Iterable[Touched]) -> set[Use]:
    """Return the credentials tried, by attacker and service."""
    return {_use(one.attacker, login) for one in touched for login in one.logins}


def notices(
    touched: Iterable[Touched], *, known: set[str], known_uses: set[Use], label: Callable[[str], str | None]
) -> list[tuple[str, Notice]]:
    """Return key and notice of what is new in `touched`, each key once, in the order of the events.

    `known` attackers and `known_uses` were there before the batch; `label` returns where a canary token was planted,
    None when its use is not to be announced. What link scanners do announces nothing.
    """
    by_key: dict[str, Notice] = {}
    for one in touched:
        attacker, stored, payload = one.attacker, one.stored, one.stored.event.payload
        if isinstance(payload, CanaryHit) and payload.scanner is not None:
            continue
        if attacker not in known and (key := f"attacker.observed:{attacker}") not in by_key:
            by_key[key] = _observed(attacker, stored)
        for login in one.logins:
            use = _use(attacker, login)
            if use not in known_uses and (key := "credential.captured:" + ":".join(use)) not in by_key:
                by_key[key] = _captured(attacker, stored, login.attempt)
        if isinstance(payload, SessionClosed) and stored.event.session:
            session = for_column(stored.event.session, NAME)
            by_key.setdefault(f"session.ended:{attacker}:{session}", _ended(attacker, session, stored, payload))
        elif (bait := _about_token(one, label)) is not None:
            by_key[f"{notice_kind(bait)}:{stored.event.id}"] = bait
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


def _about_token(one: Touched, label: Callable[[str], str | None]) -> Notice | None:
    """Return the notice of the canary token that an event is about, if it is about one that is not disabled."""
    event, payload = one.stored.event, one.stored.event.payload
    match payload:
        case CanaryHit() | BaitRead():
            token = for_column(payload.token, NAME)
        case LoginAttempt() if one.bait is not None:
            token = one.bait
        case _:
            return None
    if (planted := label(token)) is None:
        return None
    if isinstance(payload, BaitRead):
        return BaitOpened(
            ts=event.ts,
            attacker=one.attacker,
            token=token,
            label=planted,
            path=for_column(payload.path),
            service=for_column(payload.service, NAME),
            decky=_text(event.decky),
            session=_text(event.session),
        )
    channel, target = _used_by(payload)
    return CanaryTriggered(
        ts=event.ts,
        attacker=one.attacker,
        token=token,
        label=planted,
        channel=for_column(channel, 32),
        target=_text(target),
    )


def _used_by(payload: CanaryHit | LoginAttempt) -> tuple[str, str | None]:
    """Return the channel of a token's use and what was asked for there."""
    if isinstance(payload, LoginAttempt):
        return payload.service, payload.username
    return payload.channel, payload.target


def _text(text: str | None) -> str | None:
    return None if text is None else for_column(text)
