# SPDX-License-Identifier: MIT
"""What a client of the loopback port may do, by the credentials in its CONNECT."""

from decnet_core.bus.broker.permissions import Access, Roles
from decnet_core.bus.protocol.operations import Connect
from decnet_core.bus.settings import BusSettings


class Logins:
    """The token, the passwords, and who needs neither."""

    def __init__(self, settings: BusSettings, roles: Roles) -> None:
        """Raises BusError for a setting that names an unknown role."""
        self.anonymous = roles.named(settings.no_auth_user) if settings.no_auth_user else None
        """The permissions of a client without credentials; None: it is refused."""
        self._bearer = roles.named(settings.tcp_role)
        self._token = settings.tcp_token
        self._users = {role.name: (role.password, roles.named(role.name)) for role in settings.roles if role.password}

    def access(self, options: Connect) -> Access | None:
        """Return the permissions that the credentials give; None for wrong ones, whoever else needs none."""
        if options.auth_token:
            return self._bearer if _same(self._token, options.auth_token) else None
        if options.user or options.password:
            password, access = self._users.get(options.user, ("", None))
            return access if _same(password, options.password) else None
        return self.anonymous


def _same(expected: str, shown: str) -> bool:
    """Compare in constant time; what is not set equals nothing."""
    import hmac  # most brokers have nothing to compare

    return bool(expected) and hmac.compare_digest(expected.encode(), shown.encode("utf-8", "surrogatepass"))
