# SPDX-License-Identifier: MIT
"""What the service may not do where systemd runs it: its account reads the fleet's settings and keys, but owns neither.

That is meant so: whoever takes the API over must not become master of the units' settings or of the sensors'
certificates. The answer says which command does it, for somebody who is root on the host.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from decnet.cli.errors import CommandError
from decnet_web.api.problems import Problem

_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def or_on_host(command: str) -> Iterator[None]:
    """Turn a refusal of the host into a problem that names the command; other errors pass."""
    try:
        yield
    except (OSError, CommandError) as error:
        cause = _refusal(error)
        if cause is None:
            raise
        why = str(error) if error is not cause else f"{cause.strerror}: {cause.filename or 'a file of the fleet'}"
        detail = f"the service api may not do this here ({why}); run on the host, as root: {command}"
        raise Problem(409, "Only on the host", detail, command=command) from error


def _refusal(error: BaseException | None) -> OSError | None:
    """Return the host's refusal that led to an error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _REFUSED:
            return error
        error = error.__cause__
    return None
