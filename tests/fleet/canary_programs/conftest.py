# SPDX-License-Identifier: MIT
"""A canary with all of its receivers on loopback, and bait of every kind that leads to it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from decnet.canary.certificates import make_authority
from decnet.canary.kinds.kind import Bait, Token
from decnet.canary.kinds.registry import kind_named
from decnet_core.bus.memory import MemoryBus
from decnet_core.canary import Slug, canary_key, mint
from decnet_core.events.catalogue import CanaryHit
from decnet_core.events.codec import decode
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import open_context
from decnet_core.settings import Settings
from decnet_workers.canary.settings import CanarySettings
from decnet_workers.canary.wireguard import slug_of_number
from decnet_workers.canary.worker import Canary

SECONDS = 120.0
"""How long a program may take on a busy machine."""


class Receiver:
    """A started canary."""

    def __init__(self, worker: Canary, ctx: Context, authority: Path) -> None:
        self._ctx = ctx
        self._authority = authority
        self.key = canary_key(ctx.state.keys)
        assert worker.http_address is not None
        assert worker.https_address is not None
        assert worker.dns_address is not None
        assert worker.wireguard_address is not None
        self.http = "{}:{}".format(*worker.http_address)
        self.https = "{}:{}".format(*worker.https_address)
        self.dns, self.wireguard = worker.dns_address, worker.wireguard_address

    def bait(self, name: str, **options: str) -> tuple[Slug, Bait]:
        """Make bait of a kind."""
        kind = kind_named(name)
        slug = slug_of_number(self.key, 0) if name == "wireguard" else mint(self.key, kind.slug)
        base = f"https://{self.https}" if name == "kubeconfig" else f"http://{self.http}"
        where = {"wireguard": "{}:{}".format(*self.wireguard), "authority": str(self._authority), **options}
        return slug, kind.make(Token(slug.text, f"{base}/{slug.text}", f"{slug.text}.canary.test", self.key, **where))

    def hits(self, token: str) -> list[CanaryHit]:
        segments = sorted((self._ctx.state.spool / "canary").glob("*.jsonl"))
        payloads = [decode(line).payload for segment in segments for line in segment.read_bytes().splitlines()]
        return [one for one in payloads if isinstance(one, CanaryHit) and one.token == token]

    async def hit(self, slug: Slug) -> CanaryHit:
        """Wait for the first hit of a token."""
        return await self.hit_of(slug.text)

    async def hit_of(self, token: str) -> CanaryHit:
        async with asyncio.timeout(SECONDS):
            while not (found := self.hits(token)):
                await asyncio.sleep(0.02)
        return found[0]


@pytest_asyncio.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    authority, server = tmp_path / "clients.pem", tmp_path / "server.pem"
    make_authority(authority)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    await run("openssl", "req", "-x509", *key, "-keyout", f"{server}.key", "-out", str(server), home=tmp_path)
    anywhere = "127.0.0.1:0"
    settings = CanarySettings(
        http_listen=anywhere,
        https_listen=anywhere,
        dns_listen=anywhere,
        wireguard_listen=anywhere,
        certificate=str(server),
        certificate_key=f"{server}.key",
        client_authority=str(authority),
    )
    async with AsyncExitStack() as stack:
        document = {"state": {"dir": str(tmp_path / "state"), "sensor": "lab"}}
        ctx = await open_context(Canary, Settings(document, {}, "test"), MemoryBus())
        stack.push_async_callback(ctx.close)
        worker = Canary(settings)
        stack.push_async_callback(worker.stop, ctx)
        await worker.start(ctx)
        yield Receiver(worker, ctx, authority)


async def run(*command: str, home: Path, **environment: str) -> str:
    """Run a program in a directory that is its home too; return what it printed, whatever its status."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=home,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(home), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SECONDS):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return printed.decode("utf-8", "replace")


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")
