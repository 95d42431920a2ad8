# SPDX-License-Identifier: MIT
"""Says why the kernel refused something, and what helps."""

import contextlib
import errno
from collections.abc import Iterator

from decnet_core.placement.runtimes.runtime import RuntimeFailed

_HELP = {
    errno.EPERM: "no privileges: it needs CAP_NET_ADMIN, for a network namespace also CAP_SYS_ADMIN; run it as root",
    errno.EOPNOTSUPP: "this kernel cannot: load the modules macvlan, veth, nf_tables and nf_conntrack, or use a bridge",
    errno.EBUSY: "the interface is used in another way: of one that belongs to a bridge or bond, name that",
}
_HELP[errno.EACCES] = _HELP[errno.EPERM]


@contextlib.contextmanager
def explained(action: str) -> Iterator[None]:
    """Raise RuntimeFailed for an OSError."""
    try:
        yield
    except OSError as error:
        words = error.strerror or str(error)
        help_text = _HELP.get(error.errno or 0)
        raise RuntimeFailed(f"cannot {action}: {words}" + (f" ({help_text})" if help_text else "")) from error
