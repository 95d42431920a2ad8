# SPDX-License-Identifier: MIT
"""A persona's SSH profile as asyncssh options: version and algorithm lists in its order, so that its HASSH fits."""

from asyncssh.compression import get_compression_algs
from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs

from decnet_decoys.ssh import sntrup
from decnet_decoys.ssh.behaviour import compression
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.profile import SshProfile

sntrup.register()
compression.register()


def options_for(
    profile: SshProfile, keys: list[asyncssh.SSHKey], login_seconds: float
) -> asyncssh.SSHServerConnectionOptions:
    """Return a decky's options; clients have `login_seconds` to log in; algorithms that this host lacks are omitted."""
    return asyncssh.SSHServerConnectionOptions(
        server_host_keys=keys,
        server_version=profile.version,
        kex_algs=_available(profile.kex, get_kex_algs()),
        encryption_algs=_available(profile.ciphers, get_encryption_algs()),
        mac_algs=_available(profile.macs, get_mac_algs()),
        compression_algs=_available(profile.compression, get_compression_algs()),
        encoding=None,
        line_editor=False,
        login_timeout=login_seconds,
        send_server_host_keys=True,
        agent_forwarding=False,
        x11_forwarding=False,
        gss_host=None,
        host_based_auth=False,
        kbdint_auth=profile.keyboard_interactive,
        rdns_lookup=False,
        utf8_decode_errors="backslashreplace",
    )


def apply_profile(connection: asyncssh.SSHServerConnection, profile: SshProfile) -> None:
    """Make a new connection offer the persona's host key algorithms, and end its key exchange list as that does.

    asyncssh has no settings for the two, so they are set where it keeps them; one that keeps them elsewhere continues
    with its own (tests/decnet_decoys/ssh/test_options.py fails then).
    """
    extra = [name.encode() for name in profile.kex_extra]
    if hasattr(connection, "_get_extra_kex_algs"):
        connection._get_extra_kex_algs = lambda: extra  # type: ignore[method-assign]  # see above
    had = list(getattr(connection, "_server_host_key_algs", None) or ())
    wanted = [name.encode() for name in profile.host_key_algorithms]
    connection._server_host_key_algs = [name for name in wanted if name in had] or had


def _available(wanted: tuple[str, ...], known: list[bytes]) -> list[str]:
    return [name for name in wanted if name.encode() in known]
