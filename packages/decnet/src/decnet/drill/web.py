# SPDX-License-Identifier: MIT
"""Sends HTTP requests from a chosen source address: by `curl` when it is installed, else by the standard library."""

import asyncio
import http.client
import shutil
from urllib.parse import urlsplit

from decnet.cli.errors import CommandError

_SECONDS = 10


class WebFailed(CommandError):
    """There was no answer."""


async def get(url: str, *, source: str, agent: str) -> int:
    """Return the status that `url` answers with; raises WebFailed."""
    program = shutil.which("curl")
    if program is None:
        return await asyncio.to_thread(_by_library, url, source, agent)
    return await _by_curl(program, url, source, agent)


async def _by_curl(program: str, url: str, source: str, agent: str) -> int:
    process = await asyncio.create_subprocess_exec(
        *(program, "--disable", "--silent", "--show-error", "--noproxy", "*", "--interface", source),
        *("--max-time", str(_SECONDS), "--user-agent", agent, "--path-as-is", "--globoff"),
        *("--output", "/dev/null", "--write-out", "%{http_code}", url),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        raise WebFailed(f"{url}: {errors.decode('utf-8', 'backslashreplace').strip()}")
    return int(output)


def _by_library(url: str, source: str, agent: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port or 80, timeout=_SECONDS, source_address=(source, 0)
    )
    try:
        connection.request("GET", parts.path or "/", headers={"User-Agent": agent, "Accept": "*/*"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise WebFailed(f"{url}: {error}") from error
    finally:
        connection.close()
