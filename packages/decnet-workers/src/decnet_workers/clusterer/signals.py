# SPDX-License-Identifier: MIT
"""What an event is evidence of: features of its attacker.

The same commands, credentials and clients come again and again, so the features of the latest ones are kept.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    ClientIdentified,
    CommandRun,
    FileCaptured,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    ServiceRequest,
    SessionClosed,
    SshKex,
    SshProbed,
    TcpStack,
    TlsClient,
    TlsProbed,
)
from decnet_core.events.typing_digest import TypingDigest
from decnet_models.attackers.password_lists import is_guessable
from decnet_models.grouping.values import digest
from decnet_workers.clusterer.texts.agent_text import contact
from decnet_workers.clusterer.texts.command_text import (
    applets,
    hosts,
    image_accounts,
    keys,
    parts,
    urls,
    wallets,
)
from decnet_workers.clusterer.texts.new_passwords import is_own, new_passwords
from decnet_workers.commodity.limits import Key, limits

_LONGEST = 2048
"""Characters of a value that are told apart."""
_KEPT, _LONGEST_KEPT = 2048, 256
"""How many texts are kept with what they show, and the characters of the longest of them."""
_MASTER = ("SLAVEOF", "REPLICAOF")
_CREATE = "/containers/create"
"""By which Docker is asked for a container, behind the version of its API."""
_LEAST_KEYS, _LEAST_BINS = 30, 6
"""A rhythm of fewer keys, or whose times fall into fewer bins of their histograms, many have by chance."""


class Signal(NamedTuple):
    """A feature, by its kind and the digest of its value."""

    key: Key
    value: str


def signals(payload: Payload) -> Iterable[Signal]:
    """Return what the event shows."""
    found = _SIGNALS.get(type(payload))
    return () if found is None else found(payload)


def of_address(attacker: str) -> Iterator[Signal]:
    """Yield what the address itself says: one host chooses freely within an IPv6 /64 (RFC 8981)."""
    if ":" in attacker:
        address = int(ip_address(attacker))
        yield from _signal("network6", f"{address >> 64:016x}")


def _signal(kind: str, value: str | None) -> tuple[Signal, ...]:
    if not value:
        return ()
    return (_kept(kind, value) if len(value) <= _LONGEST_KEPT else _made(kind, value[:_LONGEST]),)


def _made(kind: str, value: str) -> Signal:
    return Signal((kind, digest(value)), value)


_kept = lru_cache(maxsize=_KEPT)(_made)


def _login(payload: LoginAttempt) -> Iterator[Signal]:
    for tried, _ in payload.variants():
        yield from _signal("ssh_key", tried.public_key)
        if tried.password is not None:
            yield from _of_credential(tried.username[: _LONGEST // 2], tried.password[:_LONGEST])


def _of_credential(user: str, password: str) -> tuple[Signal, ...]:
    """Return nothing for what everybody tries: what is on a public list, or like it."""
    short = len(user) + len(password) <= _LONGEST_KEPT
    return _kept_of_credential(user, password) if short else _signal("credential", f"{user}\t{password}")


@lru_cache(maxsize=_KEPT)
def _kept_of_credential(user: str, password: str) -> tuple[Signal, ...]:
    return () if is_guessable(user, password) else _signal("credential", f"{user}\t{password}")


def _command(payload: CommandRun) -> Iterator[Signal]:
    for run, _ in payload.variants():
        yield from _of_text(run.command)


def _of_text(command: str) -> tuple[Signal, ...]:
    return _kept_of_command(command) if len(command) <= _LONGEST_KEPT else _of_command(command)


def _of_command(command: str) -> tuple[Signal, ...]:
    planted = keys(command) if "AAAA" in command else ()
    return (
        *(one for part in parts(command) for one in _signal("command", part)),
        *(one for fingerprint in planted for one in _signal("planted_key", fingerprint)),
        *(one for secret in _own_passwords(command) for one in _signal("new_password", secret)),
        *(one for name in applets(command) for one in _signal("applet", name)),
        *_of_names(command),
    )


def _own_passwords(command: str) -> list[str]:
    """Return the new passwords that nobody would guess: only their owner uses the same one again."""
    if "passwd" not in command:
        return []
    return [secret for secret in new_passwords(command) if is_own(secret)]


_kept_of_command = lru_cache(maxsize=_KEPT)(_of_command)


def _of_names(text: str) -> tuple[Signal, ...]:
    """Return the URLs, hosts and wallets that a text names; no front page of a public service."""
    named = (
        *(("url", url) for url in urls(text) if ("host", digest(url.partition("://")[2].lower())) not in limits()),
        *(("host", host) for host in hosts(text)),
        *(("wallet", wallet) for wallet in wallets(text)),
    )
    return tuple(one for kind, value in named for one in _signal(kind, value))


_kept_of_names = lru_cache(maxsize=_KEPT)(_of_names)


def _file(payload: FileCaptured) -> Iterator[Signal]:
    yield from _signal("payload", payload.sha256[:64])
    if payload.url:
        yield from _of_names(payload.url)


def _agent(text: str | None) -> tuple[Signal, ...]:
    """Return what a Web client calls itself, and whom it names to complain to."""
    if not text:
        return ()
    return _kept_of_agent(text) if len(text) <= _LONGEST_KEPT else _of_agent(text)


def _of_agent(text: str) -> tuple[Signal, ...]:
    return _signal("user_agent", text) + _signal("contact", contact(text))


_kept_of_agent = lru_cache(maxsize=_KEPT)(_of_agent)


def _request(payload: HttpRequest) -> Iterator[Signal]:
    for request, _ in payload.variants():
        yield from _agent(request.user_agent)
        text = _decoded(f"{request.target} {request.body or ''}")
        yield from _kept_of_names(text) if len(text) <= _LONGEST_KEPT else _of_names(text)
        if request.target.partition("?")[0].endswith(_CREATE) and '"Image"' in text:
            yield from _signal("worm", "docker")
            yield from (one for account in image_accounts(text) for one in _signal("image", account))


def _decoded(text: str) -> str:
    """Return what is sent to a form, as the program behind it reads it: commands for it are often percent-encoded."""
    return unquote_plus(text) if "%" in text else text


def _service(payload: ServiceRequest) -> Iterator[Signal]:
    """Yield what a request to Redis names: its new master, keys and URLs that are to be written to files."""
    for request, _ in payload.variants():
        given = request.detail.get("ARGS", "")
        if request.action.upper() in _MASTER:
            yield from (one for host in hosts(f"nc {given}") for one in _signal("host", host))
        elif given and request.service == "redis":
            planted = [one for fingerprint in keys(given) for one in _signal("planted_key", fingerprint)]
            named = _of_names(given)
            yield from (*planted, *named)
            if planted or named:
                yield from _signal("worm", "redis")


def _identified(payload: ClientIdentified) -> Iterator[Signal]:
    for one, _ in payload.variants():
        if payload.service in ("http", "https"):
            yield from _agent(one.software)
        elif payload.service == "ssh":
            yield from _signal("ssh_client", one.software)


def _kex(payload: SshKex) -> tuple[Signal, ...]:
    if payload.role == "server":
        return _signal("hassh_server", payload.hassh)
    return _signal("hassh", payload.hassh) + _signal("ssh_client", payload.software)


def _http(payload: HttpClient) -> tuple[Signal, ...]:
    return _signal("http_client", payload.headers_hash) + _agent(payload.user_agent)


def _canary(payload: CanaryHit) -> Iterator[Signal]:
    yield from _signal("canary", payload.token)
    for hit, _ in payload.variants():
        yield from _agent(hit.user_agent)


def _closed(payload: SessionClosed) -> tuple[Signal, ...]:
    rhythm = payload.typing
    return () if rhythm is None else _signal("typing", _rhythm(rhythm))


def _rhythm(typing: TypingDigest) -> str:
    """Return a rhythm as text; empty if it is that of many.

    Two sessions of one person never have the same: this finds recordings that are played back, and programs that
    imitate a hand. What a script sends at once falls into a bin or two.
    """
    bins = sum(count > 0 for count in (*typing.gaps, *typing.pauses))
    if typing.keys < _LEAST_KEYS or bins < _LEAST_BINS:
        return ""
    counts = (typing.keys, typing.pasted, typing.lines, typing.corrections)
    return " ".join(",".join(map(str, part)) for part in (counts, typing.gaps, typing.pauses))


_SIGNALS: dict[type[Payload], Callable[[Any], Iterable[Signal]]] = {
    LoginAttempt: _login,
    CommandRun: _command,
    FileCaptured: _file,
    HttpRequest: _request,
    ServiceRequest: _service,
    ClientIdentified: _identified,
    SessionClosed: _closed,
    SshKex: _kex,
    HttpClient: _http,
    CanaryHit: _canary,
    TcpStack: lambda payload: _signal("tcp_stack", payload.muonfp),
    TlsClient: lambda payload: _signal("ja4", payload.ja4),
    TlsProbed: lambda payload: _signal("jarm", payload.jarm),
    CertificateProbed: lambda payload: _signal("certificate", payload.sha256),
    SshProbed: lambda payload: _signal("hassh_server", payload.hassh),
}

KINDS_READ = tuple(_SIGNALS)
"""The kinds of event that are evidence."""
