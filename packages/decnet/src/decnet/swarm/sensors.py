# SPDX-License-Identifier: MIT
"""The operator's tasks for the swarm: the authority's steps, with this fleet's files.

No database: the listener is an edge worker, and the fleet's members are listed in its files.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from decnet.cli.errors import NotFoundError, OperatorError, RefusedError, WrongUsageError
from decnet.fleet.bus_access import reachable_bus
from decnet.fleet.deployment import Deployment
from decnet.swarm.listener_identity import create_if_listening, names
from decnet_core.bus.subjects import CONTROL, Control
from decnet_core.text import why_unreadable
from decnet_swarm.address import Address, address_in
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.pki import bootstrap_ca, files
from decnet_swarm.pki.authority import BadRequestError
from decnet_swarm.pki.bootstrap_ca import BootstrapError
from decnet_swarm.pki.listener_identity import ListenerCertificate
from decnet_swarm.pki.registry_file import RegistryError

T = TypeVar("T")

_RELOAD = msgspec.json.encode(Control("reload"))


class Offer(msgspec.Struct, frozen=True):
    """A token; times in seconds since the Unix epoch."""

    name: str
    token: str
    master: str
    expires_at: int
    command: str


class Signed(msgspec.Struct, frozen=True):
    """The result for a sender that is set up by hand."""

    name: str
    chain: str
    authority: str


def offer(deployment: Deployment, name: str, *, master: str, hours: float, replaces: bool) -> Offer:
    """Return a token for sensor `name`; raises OperatorError."""
    settings = _settings(deployment)
    address = _master(settings, master)
    create_if_listening(deployment.settings, deployment.state.root)
    word = _done(lambda: bootstrap_ca.issue_token(deployment.state.root, name, hours, replaces=replaces))
    command = f"decnet-forwarder enrol --master {address} --token {word}"
    return Offer(name, word, str(address), int(time.time() + hours * 3600), command)


def sign(deployment: Deployment, name: str, request: Path, *, days: float | None, replaces: bool) -> Signed:
    """Return the chain for a certificate request; raises OperatorError."""
    _settings(deployment)
    return sign_text(deployment, name, request_text(request), days=days, replaces=replaces)


def sign_text(deployment: Deployment, name: str, text: str, *, days: float | None, replaces: bool) -> Signed:
    """Return the chain for the text (PEM) of a certificate request; raises OperatorError."""
    settings = _settings(deployment)
    create_if_listening(deployment.settings, deployment.state.root)
    lasting = days or settings.certificate_days
    chain = _done(lambda: bootstrap_ca.sign_request(deployment.state.root, name, text, lasting, replaces=replaces))
    _reload_listener(deployment)
    return Signed(name, chain, authority_certificate(deployment))


def revoke(deployment: Deployment, name: str) -> None:
    """Reject sensor `name` from now on, and end its connection; raises NotFoundError."""
    _named(lambda: bootstrap_ca.revoke(deployment.state.root, name))
    _reload_listener(deployment)


def forget(deployment: Deployment, name: str) -> None:
    """Remove a revoked sensor from the list; raises NotFoundError."""
    _named(lambda: bootstrap_ca.forget(deployment.state.root, name))


def renew(deployment: Deployment, hosts: Iterable[str], *, new_keys: bool, force: bool) -> ListenerCertificate:
    """Give the listener a new certificate; raises OperatorError."""
    called = [*hosts] or names(_settings(deployment))
    made = _done(lambda: bootstrap_ca.renew(deployment.state.root, called, new_keys=new_keys, force=force))
    _reload_listener(deployment)
    return made


def authority_certificate(deployment: Deployment) -> str:
    """Return the certificate of the fleet's authority (PEM); raises NotFoundError, OperatorError."""
    if not files.is_bootstrapped(deployment.state.root):
        raise NotFoundError("there is no swarm here yet; decnet swarm token NAME creates one")
    return _done(lambda: bootstrap_ca.root_certificate(deployment.state.root))


def _settings(deployment: Deployment) -> ListenerSettings:
    settings = deployment.settings.section("listener", ListenerSettings)
    if not settings.listen:
        raise RefusedError(
            f'no sensor can reach this host: write listen = "0.0.0.0:6514" below [listener] in '
            f"{deployment.settings.source} (`decnet config edit` opens it), and restart"
        )
    return settings


def _master(settings: ListenerSettings, given: str) -> Address:
    """Return where a sensor comes to enrol: the option, the setting, or this host's own name."""
    port = settings.enrolment.port
    try:
        if given and ":" in given.rpartition("]")[2]:
            return address_in(given)
        host = address_in(given).host if given else settings.public or settings.enrolment.host
    except ValueError as error:
        raise WrongUsageError(str(error)) from error
    if host not in ("0.0.0.0", "::"):  # noqa: S104  # compared only
        return Address(host, port)
    if not (called := names(settings)):
        raise WrongUsageError("this host has no name: name it with --master HOST, as the sensor reaches it")
    return Address(called[0], port)


def request_text(path: Path) -> str:
    """Return a certificate request (PEM); raises WrongUsageError for a file that cannot be read."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsageError(f"{path} cannot be read: {why_unreadable(error)}") from error


def _reload_listener(deployment: Deployment) -> None:
    """Have the listener reload at once; one that cannot be reached does so within `check_seconds`."""

    async def reload() -> None:
        async with reachable_bus(deployment, "decnet-swarm") as bus:
            if bus is not None:
                bus.publish(CONTROL.of("listener"), _RELOAD)
                await bus.flush()

    asyncio.run(reload())


def _done(work: Callable[[], T]) -> T:
    try:
        return work()
    except (BootstrapError, BadRequestError) as error:
        raise OperatorError(str(error)) from error
    except (RegistryError, ValueError) as error:
        raise RefusedError(str(error)) from error


def _named(work: Callable[[], None]) -> None:
    try:
        work()
    except BootstrapError as error:
        raise NotFoundError(str(error)) from error
    except RegistryError as error:
        raise RefusedError(str(error)) from error
