# SPDX-License-Identifier: MIT
"""Providers that are asked about one address at a time; each is told the address, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec

from decnet_core.net.addresses import Address, parse_address
from decnet_workers.enrich.answers import Answer, AnswerError, abuseipdb, greynoise
from decnet_workers.enrich.dns.client import DnsClient
from decnet_workers.enrich.dns.message import AAAA, PTR, A, DnsError
from decnet_workers.enrich.provider_error import ProviderError, of_status
from decnet_workers.outbound.dial import Dialler
from decnet_workers.outbound.http_request import RequestError, body_of, request

MAX_ANSWER_BYTES = 65536
_REFUSES_THE_ADDRESS = frozenset({400, 422})
_MOST_NAMES = 8
"""Names of one address that are looked up."""

SURVEYS = {
    "binaryedge.ninja": "BinaryEdge",
    "censys-scanner.com": "Censys",
    "internet-census.org": "Internet Census Group",
    "internet-measurement.com": "InternetMeasurement",
    "onyphe.net": "ONYPHE",
    "shadowserver.org": "Shadowserver",
    "shodan.io": "Shodan",
}
"""Domains in which known surveys of the Internet name their scanners, so that these can be told from attackers."""


class Limits(msgspec.Struct, frozen=True):
    """How much a provider is asked: `questions` in a window of `window_seconds`, `at_once` side by side."""

    questions: int
    window_seconds: int
    at_once: int


class Asked(Protocol):
    """A provider."""

    limits: Limits

    def takes(self, address: Address) -> bool:
        """Return whether it can know anything about such an address."""

    async def ask(self, address: Address, seconds: float) -> Answer:
        """Return what it says; raises ProviderError."""


class HttpProvider:
    """A provider with an HTTP API: one GET for each address. A status of 404 means that it does not know it."""

    def __init__(
        self,
        dialler: Dialler,
        url_of: Callable[[Address], str],
        headers: Mapping[str, str],
        read: Callable[[bytes], Answer],
        limits: Limits,
        *,
        only_ipv4: bool = False,
    ) -> None:
        self.limits = limits
        self._dialler = dialler
        self._url_of = url_of
        self._headers = {"Accept": "application/json", **headers}
        self._read = read
        self._only_ipv4 = only_ipv4

    def takes(self, address: Address) -> bool:
        return address.version == 4 or not self._only_ipv4

    async def ask(self, address: Address, seconds: float) -> Answer:
        try:
            async with request(self._dialler, self._url_of(address), self._headers, seconds=seconds) as response:
                if response.status == 404:
                    return Answer()
                if response.status in _REFUSES_THE_ADDRESS:
                    return Answer("unknown", (f"takes no such address ({response.status})",))
                if response.status != 200:
                    raise of_status(response)
                return self._read(await body_of(response, MAX_ANSWER_BYTES))
        except (RequestError, AnswerError) as error:
            raise ProviderError(str(error)) from error


def greynoise_provider(dialler: Dialler, url: str, key: str, questions: int) -> HttpProvider:
    """GreyNoise's Community API: IPv4 only; the key is optional."""
    return HttpProvider(
        dialler,
        lambda address: f"{url.rstrip('/')}/{address}",
        {"key": key} if key else {},
        greynoise,
        Limits(questions, 7 * 86400, 1),
        only_ipv4=True,
    )


def abuseipdb_provider(dialler: Dialler, url: str, key: str, questions: int) -> HttpProvider:
    """AbuseIPDB's API, version 2."""
    return HttpProvider(
        dialler,
        lambda address: f"{url}?ipAddress={quote(str(address))}&maxAgeInDays=90",
        {"Key": key},
        abuseipdb,
        Limits(questions, 86400, 2),
    )


class ReverseDns:
    """The host names of an address, of which those count that lead back to it: anybody may claim any name."""

    def __init__(self, client: DnsClient, questions: int) -> None:
        self.limits = Limits(questions, 86400, 8)
        self._client = client

    def takes(self, address: Address) -> bool:  # noqa: ARG002  # every address may have a name
        return True

    async def ask(self, address: Address, seconds: float) -> Answer:
        try:
            claimed = (await self._client.ask(address.reverse_pointer, PTR, seconds))[:_MOST_NAMES]
            names = [name for name in claimed if await self._leads_to(name, address, seconds)]
        except DnsError as error:
            raise ProviderError(str(error)) from error
        if not names:
            return Answer("unknown", (), {"claimed": list(claimed)} if claimed else {})
        survey = next((who for name in names if (who := _survey(name))), None)
        reasons = (f"named {names[0]}: a scanner of {survey}",) if survey else ()
        return Answer("benign" if survey else "unknown", reasons, {"names": names})

    async def _leads_to(self, name: str, address: Address, seconds: float) -> bool:
        found = await self._client.ask(name, A if address.version == 4 else AAAA, seconds)
        return address in map(parse_address, found)


def _survey(name: str) -> str | None:
    return next((who for domain, who in SURVEYS.items() if name == domain or name.endswith(f".{domain}")), None)
