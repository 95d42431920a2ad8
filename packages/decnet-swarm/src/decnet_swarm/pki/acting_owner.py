# SPDX-License-Identifier: MIT
"""Root acting as the owner of a directory: what that account has planted there is not followed with root's power.

For the operator's commands. User ids belong to the whole process, so nothing else may run in it meanwhile.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def acting_as_owner(directory: Path) -> Iterator[None]:
    """Read and write as the owner of `directory` if this is root, with no group but the directory's. Raises OSError.

    Nothing changes for another user, or when root itself owns it.
    """
    owner = directory.stat(follow_symlinks=False)
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([owner.st_gid])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)
