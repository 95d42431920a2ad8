# SPDX-License-Identifier: MIT
"""Writes documents onto deckies, with prose of the text endpoint where there is one, else of the grammar.

Only what is added now is asked for, and kept with the action: a document is written anew each time that it grows.
"""

import logging
from functools import partial

import msgspec

from decnet_core.deckies.handover import ask_one_of
from decnet_core.runtime.context import Context
from decnet_core.state import State
from decnet_models.realism.queries import Action
from decnet_workers.orchestrator.documents import Document, growths, prose, written
from decnet_workers.orchestrator.genres import genres
from decnet_workers.orchestrator.plan import Host, drawing_of
from decnet_workers.orchestrator.schedule import Schedule
from decnet_workers.orchestrator.text_endpoint import TextEndpoint, TextError, Wanted
from decnet_workers.orchestrator.working_hours import local_time

log = logging.getLogger(__name__)


class Writing:
    def __init__(self, schedule: Schedule, endpoint: TextEndpoint) -> None:
        self._schedule = schedule
        self._endpoint = endpoint

    async def carry_out(self, ctx: Context, action: Action, host: Host) -> None:
        """Write the document of an action; raises HandoverError, GrammarError, UnknownZoneError, ValidationError."""
        document = msgspec.convert(action.body, Document)
        moment = document.moments[-1]
        texts = await ctx.in_thread(self._schedule.prose, growths(host, document))
        if moment not in texts and genres()[document.genre].about and self._endpoint.usable:
            text = await self._asked(ctx, host, document)
            if text is not None:
                await ctx.in_thread(self._schedule.keep_prose, action.id, text)
                texts[moment] = text
        await ctx.in_thread(partial(_write, ctx.state, host, document, texts, token=action.token or ""))

    async def _asked(self, ctx: Context, host: Host, document: Document) -> str | None:
        moment = document.moments[-1]
        wanted = Wanted(
            about=genres()[document.genre].about,
            user=document.user,
            host=host.decky.host_name,
            day=f"{local_time(host.persona, moment):%A, %d %B %Y}",
            example=prose(host, document, moment),
        )
        try:
            text = await self._endpoint.ask(wanted, drawing_of(host.decky, document.genre, moment).getrandbits(31))
        except TextError as error:
            ctx.counters.add("texts_failed")
            log.warning("the grammar writes instead of [orchestrator] text_url: %s", error)
            return None
        ctx.counters.add("texts_written")
        return text


def _write(state: State, host: Host, document: Document, texts: dict[int, str], *, token: str) -> None:
    file = msgspec.structs.replace(written(host, document, texts), token=token)
    ask_one_of(state, lambda client: client.place(host.decky.name, [file]))
