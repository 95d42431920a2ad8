# SPDX-License-Identifier: MIT
"""The intelligence of other parties as SQLModel classes."""

from decnet_models.intel import tables
from decnet_models.table_model import TableModel, related


class ProviderQuota(TableModel, table=True):
    """How often a provider may still be queried."""

    __table__ = tables.provider_quota

    provider: str
    """The name of the provider."""
    window_from: int
    """When the current window began."""
    window_until: int
    """When the current window ends."""
    allowed: int
    """How many queries it allows in a window."""
    used: int
    """How many queries were made in this window."""
    not_before: int | None = None
    """No query is made before then: it sent Retry-After, or failed too often in a row."""
    failures: int
    """Failed queries in a row."""
    error: str | None = None
    """Why the last one failed."""


class Intel(TableModel, table=True):
    """What a provider says about an indicator: an address, a host name or a file's SHA-256."""

    __table__ = tables.intel

    indicator: str
    """The indicator."""
    provider: str
    """The name of the provider."""
    verdict: str
    """malicious, suspicious, benign or unknown."""
    reasons: str
    """What the verdict rests on, as a JSON list of sentences."""
    detail: str
    """What else the provider said, as JSON."""
    fetched_at: int
    """When the provider was queried."""
    expires_at: int
    """Until when it is not queried again; sooner for an indicator that it does not know."""

    quota_row: ProviderQuota | None = related(primaryjoin="foreign(Intel.provider) == ProviderQuota.provider")


class IntelVerdict(TableModel, table=True):
    """The worst verdict of all providers on an indicator, and when it changed."""

    __table__ = tables.intel_verdict

    indicator: str
    """The indicator."""
    verdict: str
    """malicious, suspicious, benign or unknown."""
    since: int
    """Since when it is the worst one."""
    change: int
    """The number of its last change, in order of commit: who follows the verdicts reads on from there."""


class IntelRequest(TableModel, table=True):
    """A question that waits for a provider's quota, or for the provider."""

    __table__ = tables.intel_request

    provider: str
    """The name of the provider."""
    indicator: str
    """The indicator that it is asked about."""
    requested_at: int
    """When the question arose; the newest is asked first."""
