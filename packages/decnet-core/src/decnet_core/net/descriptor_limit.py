# SPDX-License-Identifier: MIT
"""How many descriptors this process may have open (RLIMIT_NOFILE, getrlimit(2))."""

import resource


def allow_descriptors(count: int) -> int:
    """Raise the soft limit to `count`, as far as the hard one allows; return what then holds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return count
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(wanted, soft)
