# SPDX-License-Identifier: MIT
"""One-time links, with which a user logs in the first time or after losing a password.

The secret is in the fragment, which browsers do not send: no log of a server or proxy has it. The dashboard exchanges
it for a session by POST. A link replaces the password only: an account with a second factor is asked for it.
"""

import base64
import hmac
import time
from urllib.parse import urljoin
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet.access import users
from decnet.access.secrets import digest, new_secret
from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import Deployment, transaction
from decnet_core.runtime import worker_registry
from decnet_core.settings import Settings
from decnet_models.accounts import entrances, queries
from decnet_models.accounts.entrances import Link
from decnet_models.accounts.queries import Account

FIRST = "admin"
"""The name of a fleet's first account."""
LIFETIME_NS = 3600 * 1_000_000_000
WORKER = "web"
KEY = "api.key"
"""The API's key, in the state directory's `keys`."""


class Made(msgspec.Struct, frozen=True):
    """A link that was just made."""

    user: str
    url: str
    """Where to open it; only the path and the fragment when no dashboard is installed and on."""
    expires_at: int


def make(connection: Connection, base: str, owner: Account, made_by: str, *, lifetime_ns: int = LIFETIME_NS) -> Made:
    """Make a link that logs `owner` in; it makes older ones void. Raises OperatorError for a disabled account."""
    if owner.disabled_at is not None:
        raise OperatorError(f"{owner.name} is disabled; enable it first")
    now, secret = time.time_ns(), new_secret()
    entrances.remove_links(connection, owner.id)
    entrances.forget_entrances(connection, now)
    entrances.add_link(connection, Link(digest(secret), owner.id, made_by, now, now + lifetime_ns))
    return Made(owner.name, address(base, secret), now + lifetime_ns)


def first(connection: Connection, base: str, made_by: str) -> Made | None:
    """Make a link for the first administrator, who is added if need be; None once one can log in without."""
    if entrances.admin_can_log_in(connection):
        return None
    owner = _first_admin(connection)
    return make(connection, base, owner, made_by) if owner else None


def entrance(deployment: Deployment, made_by: str) -> str:
    """Return where to open the dashboard: a link, while no administrator can log in without; empty: there is none.

    Raises SettingsError, and RefusedError or UnavailableError of the database.
    """
    base = dashboard(deployment.settings)
    if not base:
        return ""
    with transaction(deployment) as connection:
        if entrances.admin_can_log_in(connection):
            return base
    with transaction(deployment, write=True) as connection:
        made = first(connection, base, made_by)
    return made.url if made else base


def address(base: str, secret: str) -> str:
    """Return the link with that secret at the dashboard's address `base`."""
    return urljoin(base, "/login") + f"#link={secret}"


def dashboard(settings: Settings) -> str:
    """Return the address of the dashboard; empty when none is installed and on. Raises SettingsError."""
    if WORKER not in worker_registry.wanted(settings):
        return ""
    shape = worker_registry.load(WORKER).Settings
    url: str = settings.section(WORKER, shape).url()
    return url


def seal_first(key: bytes, *, lifetime_ns: int = LIFETIME_NS) -> str:
    """Return the secret of a link that makes the first administrator, for a fleet whose database is not there yet.

    `key` is the fleet's `api.key`: `decnet init` makes it, and only root and the API can read it.
    """
    expires = (time.time_ns() + lifetime_ns).to_bytes(8, "big")
    return base64.urlsafe_b64encode(expires + _first_mac(key, expires)).decode()


def is_first(key: bytes, secret: str) -> bool:
    """Return whether `seal_first` made the secret, and it has not expired."""
    try:
        raw = base64.b64decode(secret.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return False
    expires, mac = raw[:8], raw[8:]
    return hmac.compare_digest(mac, _first_mac(key, expires)) and int.from_bytes(expires, "big") > time.time_ns()


def use_first(connection: Connection, key: bytes, secret: str) -> UUID | None:
    """Return the account of the first administrator for such a secret: once, and while no administrator can log in."""
    if not is_first(key, secret) or entrances.admin_can_log_in(connection):
        return None
    if not entrances.use_ticket(connection, digest(secret), expires_at=time.time_ns() + LIFETIME_NS):
        return None
    owner = _first_admin(connection)
    return owner.id if owner else None


def _first_mac(key: bytes, expires: bytes) -> bytes:
    return hmac.digest(key, b"accounts: first link\0" + expires, "sha256")


def _first_admin(connection: Connection) -> Account | None:
    """Return the administrator who begins, added if need be; None when the name was given to somebody else."""
    known = queries.accounts(connection)
    admins = [one for one in known if one.role == "admin" and one.disabled_at is None]
    named = next((one for one in admins if one.name == FIRST), admins[0] if admins else None)
    if named is None and any(one.name == FIRST for one in known):
        return None
    return named or users.add(connection, FIRST, "admin")
