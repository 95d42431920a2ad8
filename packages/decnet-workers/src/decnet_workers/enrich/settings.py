# SPDX-License-Identifier: MIT
"""Section `[enrich]`: which providers are used, with which keys, how often, and for how long an answer holds."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec

from decnet_core.settings import suggestion
from decnet_workers.errors import WorkersError

Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=24 * 365)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]

ASKED = ("greynoise", "abuseipdb", "dns")
FETCHED = ("feodo", "threatfox", "tor")
BUILT_IN = (*ASKED, *FETCHED, "mmdb")


class ProvidersError(WorkersError):
    """The settings do not make providers; the message names the setting and what to write."""


class ListSettings(msgspec.Struct, frozen=True):
    """A list of addresses and networks in CIDR notation, one at the beginning of each line."""

    EXAMPLE: ClassVar[Mapping[str, object]] = {
        "name": "partners",
        "source": "/etc/decnet/partners.txt",
        "verdict": "benign",
    }
    """The sample in the settings file that `decnet init` writes."""
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    """Its name as a provider."""
    source: str
    """A file, or an https URL; http only within private networks."""
    verdict: Literal["malicious", "suspicious", "benign", "unknown"] = "suspicious"
    """What it means to be on it."""
    reason: str = ""
    """Why; empty: on the list NAME."""
    hours: Hours = 24.0
    """How often it is read or fetched again."""


class EnrichSettings(msgspec.Struct, frozen=True):
    """Section `[enrich]`."""

    providers: tuple[str, ...] = ()
    """Those that are used: greynoise, abuseipdb, dns, feodo, threatfox, tor, mmdb, names of `lists`; empty: off."""
    lists: tuple[ListSettings, ...] = ()
    """More lists of addresses, each used when `providers` names it."""
    mmdb_files: tuple[str, ...] = ()
    """MaxMind DB files with countries and autonomous systems (GeoLite2, DB-IP, IPinfo), for the provider mmdb."""
    greynoise_key: str = ""
    """API key; without one GreyNoise allows a few questions only."""
    greynoise_questions: Count = 50
    """Questions to GreyNoise in a week."""
    abuseipdb_key: str = ""
    """API key; AbuseIPDB needs one."""
    abuseipdb_questions: Count = 1000
    """Questions to AbuseIPDB in a day (UTC)."""
    threatfox_key: str = ""
    """Auth-Key of abuse.ch; ThreatFox needs one."""
    dns_servers: tuple[str, ...] = ()
    """Resolvers as ADDRESS or ADDRESS:PORT; empty: those of /etc/resolv.conf."""
    dns_questions: Count = 20_000
    """Addresses whose names are asked for in a day (UTC)."""
    exclude: tuple[str, ...] = ()
    """Networks that no provider is asked about: customers, partners, our own public addresses."""
    keep_hours: Hours = 24.0
    """How long an answer holds before the provider is asked again, if the address still attacks."""
    negative_hours: Hours = 4.0
    """The same for an address that the provider does not know."""
    forget_days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 90.0
    """How long an answer that no longer holds is remembered."""
    look_back_days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 30.0
    """Attackers last seen within this time are looked up in each new version of a list, and by a new provider."""
    queue: Count = 10_000
    """Addresses that wait for one provider; with more, those that came first are given up."""
    list_max_mib: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 64
    """The largest list that is accepted."""
    attempt_seconds: Seconds = 15.0
    """Total time of one question: look-up, connection, TLS, request and answer."""
    list_seconds: Seconds = 300.0
    """Total time of fetching a list."""
    connect_seconds: Seconds = 5.0
    """Time for one address of a provider, before the next one is tried."""
    poll_seconds: Seconds = 10.0
    """How long a lost nudge can delay a look-up; while the bus is connected, five times that, up to 10 s."""
    greynoise_url: str = "https://api.greynoise.io/v3/community/"
    """Where GreyNoise is asked; the address is appended."""
    abuseipdb_url: str = "https://api.abuseipdb.com/api/v2/check"
    """Where AbuseIPDB is asked."""
    feodo_url: str = "https://feodotracker.abuse.ch/downloads/ipblocklist.csv"
    """Where the list of Feodo Tracker is fetched."""
    threatfox_url: str = "https://threatfox-api.abuse.ch/v2/files/exports/{key}/recent.csv"
    """Where the list of ThreatFox is fetched; `{key}` is `threatfox_key`."""
    tor_url: str = "https://check.torproject.org/torbulkexitlist"
    """Where the list of Tor's exits is fetched."""
    allow_networks: tuple[str, ...] = ()
    """Networks that a provider may be in, e.g. 10.1.0.0/16; all other addresses that are not public are rejected."""
    ca_file: str = ""
    """Certificate authorities (PEM) to trust instead of the system's."""


def names_of(settings: EnrichSettings) -> tuple[str, ...]:
    """Return the providers that are used, each once; raises ProvidersError for an unknown one."""
    known = (*BUILT_IN, *(one.name for one in settings.lists))
    for name in settings.providers:
        if name not in known:
            raise ProvidersError(f"[enrich] providers: there is no provider {name!r}{suggestion(name, known)}")
    if len(set(known)) < len(known):
        raise ProvidersError("[enrich] lists: each needs a name of its own, and none that a provider has")
    return tuple(dict.fromkeys(settings.providers))
