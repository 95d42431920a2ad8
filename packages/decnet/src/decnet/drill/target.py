# SPDX-License-Identifier: MIT
"""Chooses what a drill attacks from the deckies and receivers of the settings."""

import msgspec

from decnet.cli.errors import RefusedError
from decnet.fleet.deployment import Deployment
from decnet_core.settings import Settings
from decnet_decoys.decky import Decky
from decnet_decoys.fleet import FleetError, deckies
from decnet_decoys.services.service_registry import load
from decnet_decoys.settings import DecoysSettings
from decnet_workers.canary.settings import CanarySettings, CanarySettingsError, listen_address


class Target(msgspec.Struct, frozen=True):
    shell: Decky
    """A decky with SSH and an accepted password."""
    web: Decky
    """A decky with HTTP."""
    dns: tuple[str, int]
    """Address and port of the canary's DNS receiver."""
    others: tuple[tuple[str, Decky], ...] = ()
    """One decky of each other service that is offered and speaks TCP, by the service's name."""

    @property
    def site(self) -> str:
        """URL of `web`, without a path."""
        return f"http://{self.web.address}:{self.web.port('http')}"

    @property
    def login(self) -> tuple[str, str]:
        """User and password that `shell` accepts."""
        assert self.shell.login is not None
        return self.shell.login


def choose(deployment: Deployment) -> Target:
    """Return the target; raises RefusedError when the settings have none."""
    known = _deckies(deployment.settings)
    shell = next((one for one in known if one.port("ssh") and one.login), None)
    web = next((one for one in known if one.port("http")), None)
    if shell is None or web is None:
        raise RefusedError("a drill needs a decky with ssh and one with http; see [[decoys.decky]]")
    return Target(shell, web, _dns(deployment.settings), others_of(known))


def others_of(known: tuple[Decky, ...]) -> tuple[tuple[str, Decky], ...]:
    """Return a decky of each service but SSH and HTTP, by the service's name."""
    offering = {service: one for one in reversed(known) for service, _ in one.services}
    wanted = (service for service in offering if service not in ("ssh", "http"))
    return tuple((service, offering[service]) for service in sorted(wanted) if load(service).transport == "tcp")


def _deckies(settings: Settings) -> tuple[Decky, ...]:
    try:
        return deckies(settings.section("decoys", DecoysSettings))
    except FleetError as error:
        raise RefusedError(str(error)) from error


def _dns(settings: Settings) -> tuple[str, int]:
    section = settings.section("canary", CanarySettings)
    if not (section.http_listen and section.dns_listen):
        raise RefusedError("a drill needs both canary receivers; see [canary] http_listen and dns_listen")
    try:
        return listen_address(section.dns_listen)
    except CanarySettingsError as error:
        raise RefusedError(f"[canary] {error}") from error
