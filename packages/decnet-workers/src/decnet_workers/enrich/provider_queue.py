# SPDX-License-Identifier: MIT
"""Asks one provider what waits for it, until nothing does, its quota is used up, or it fails."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from decnet_core.net.addresses import parse_address
from decnet_core.runtime.context import Context
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.asked import Asked
from decnet_workers.enrich.knowledge import Knowledge
from decnet_workers.enrich.provider_error import ProviderError

log = logging.getLogger(__name__)

InDatabase = Callable[..., Awaitable[Any]]


class ProviderQueue:
    """One provider's questions; nothing of another provider waits for it."""

    def __init__(
        self,
        ctx: Context,
        name: str,
        provider: Asked,
        knowledge: Knowledge,
        in_database: InDatabase,
        *,
        seconds: float,
    ) -> None:
        self._ctx = ctx
        self._name = name
        self._provider = provider
        self._knowledge = knowledge
        self._in_database = in_database
        self._seconds = seconds

    async def run(self) -> bool:
        """Ask until there is nothing to ask now; return whether a verdict changed."""
        judged = False
        while not self._ctx.stopping.is_set() and self._ctx.unpaused.is_set():
            indicators = await self._in_database(self._knowledge.job, self._name)
            if not indicators:
                break
            outcomes = await asyncio.gather(*map(self._outcome, indicators))
            answers = {one: got for one, got in zip(indicators, outcomes, strict=True) if isinstance(got, Answer)}
            if answers:
                self._ctx.counters.add("answers", len(answers))
                judged |= bool(await self._in_database(self._knowledge.record, self._name, answers))
            failed = next((got for got in outcomes if isinstance(got, ProviderError)), None)
            if failed is not None:
                await self._fail(failed)
                break
        return judged

    async def _outcome(self, indicator: str) -> Answer | ProviderError:
        address = parse_address(indicator)
        if address is None:
            return Answer()
        started = time.perf_counter()
        try:
            return await self._provider.ask(address, self._seconds)
        except ProviderError as error:
            return error
        finally:
            self._ctx.counters.set("question_seconds", round(time.perf_counter() - started, 6))

    async def _fail(self, failed: ProviderError) -> None:
        self._ctx.counters.add("questions_failed")
        log.warning("%s does not answer: %s", self._name, failed)
        await self._in_database(self._knowledge.record_failure, self._name, str(failed), failed.wait_seconds)
