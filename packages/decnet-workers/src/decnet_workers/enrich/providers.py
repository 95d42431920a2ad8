# SPDX-License-Identifier: MIT
"""Makes the providers that the settings name."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from decnet_core.net.addresses import Address, Network
from decnet_core.net.host_addresses import is_this_host
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.asked import Asked, ReverseDns, abuseipdb_provider, greynoise_provider
from decnet_workers.enrich.dns.client import DnsClient, servers_of
from decnet_workers.enrich.lists.fetch import MIB, FetchLimits, ListProvider, ListSource
from decnet_workers.enrich.lists.lines import LABEL, feodo, plain, threatfox
from decnet_workers.enrich.mmdb import Mmdb
from decnet_workers.enrich.settings import ASKED, EnrichSettings, ProvidersError, names_of
from decnet_workers.enrich.targets import askable
from decnet_workers.outbound.addresses import networks
from decnet_workers.outbound.dial import Dialler

_HOUR = 3600.0


class Providers(msgspec.Struct, frozen=True):
    """What the worker uses."""

    asked: dict[str, Asked]
    lists: dict[str, ListProvider]
    mmdb: Mmdb | None
    exclude: tuple[Network, ...]

    def local(self) -> dict[str, Callable[[Address], Answer | None]]:
        """Return how each provider that is not asked finds an address."""
        found: dict[str, Callable[[Address], Answer | None]] = {name: one.find for name, one in self.lists.items()}
        return {**found, "mmdb": self.mmdb.find} if self.mmdb else found

    def askable(self, texts: Sequence[str]) -> dict[str, Address]:
        """Return those of the addresses that others may be told."""
        return askable(texts, exclude=self.exclude, is_own=is_this_host)

    def close(self) -> None:
        for one in self.lists.values():
            one.close()
        if self.mmdb is not None:
            self.mmdb.close()


def make_providers(settings: EnrichSettings, folder: Path) -> Providers:
    """Return the providers, which keep lists in `folder`; raises ProvidersError and MmdbError."""
    names = names_of(settings)
    try:
        exclude, allowed = networks(settings.exclude), networks(settings.allow_networks)
    except ValueError as error:
        raise ProvidersError(f"[enrich] exclude or allow_networks: {error}; write e.g. 10.1.0.0/16") from error
    dialler = Dialler("enrich", allowed=allowed, connect_seconds=settings.connect_seconds, ca_file=settings.ca_file)
    limits = FetchLimits(settings.list_max_mib * MIB, settings.list_seconds)
    return Providers(
        asked={name: _asked(name, settings, dialler) for name in names if name in ASKED},
        lists={
            source.name: ListProvider(source, folder, dialler, limits)
            for source in _sources(settings)
            if source.name in names
        },
        mmdb=_mmdb(settings) if "mmdb" in names else None,
        exclude=exclude,
    )


def _asked(name: str, settings: EnrichSettings, dialler: Dialler) -> Asked:
    if name == "greynoise":
        return greynoise_provider(dialler, settings.greynoise_url, settings.greynoise_key, settings.greynoise_questions)
    if name == "abuseipdb":
        _need(settings.abuseipdb_key, "abuseipdb_key")
        return abuseipdb_provider(dialler, settings.abuseipdb_url, settings.abuseipdb_key, settings.abuseipdb_questions)
    try:
        return ReverseDns(DnsClient(servers_of(settings.dns_servers)), settings.dns_questions)
    except ValueError as error:
        raise ProvidersError(f"[enrich] dns_servers: {error}") from error


def _sources(settings: EnrichSettings) -> list[ListSource]:
    if "threatfox" in settings.providers and "{key}" in settings.threatfox_url:
        _need(settings.threatfox_key, "threatfox_key")
    malicious = partial(ListSource, verdict="malicious", seconds=_HOUR)
    fixed = [
        malicious("feodo", settings.feodo_url, read=feodo),
        malicious("threatfox", settings.threatfox_url.replace("{key}", settings.threatfox_key), read=threatfox),
        ListSource("tor", settings.tor_url, "suspicious", plain("exit of the Tor network"), _HOUR),
    ]
    return fixed + [
        ListSource(
            one.name,
            one.source,
            one.verdict,
            plain((one.reason or f"on the list {one.name}")[:LABEL]),
            one.hours * _HOUR,
        )
        for one in settings.lists
    ]


def _mmdb(settings: EnrichSettings) -> Mmdb:
    if not settings.mmdb_files:
        raise ProvidersError("[enrich] mmdb_files: the provider mmdb needs a file, or omit it from providers")
    return Mmdb(settings.mmdb_files)


def _need(value: str, setting: str) -> None:
    if not value:
        raise ProvidersError(f"[enrich] {setting}: the provider needs a key; set it, or omit it from providers")
