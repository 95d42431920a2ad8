# SPDX-License-Identifier: MIT
"""One call for what several tasks ask while the call before it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from decnet_core.runtime.context import Context

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Batched(Generic[Asked, Answer]):
    """Collects arguments, and passes up to `most` to `call` together; each caller gets what that returned.

    `call` is called at once when it is not running, else when it has ended and `seconds` have passed since. An error of
    it is every caller's.
    """

    def __init__(
        self,
        ctx: Context,
        name: str,
        call: Callable[[Sequence[Asked]], Awaitable[Answer]],
        *,
        most: int,
        seconds: float = 0.0,
    ) -> None:
        self._ctx = ctx
        self._name = name
        self._call = call
        self._most = most
        self._seconds = seconds
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._calling = False

    async def __call__(self, asked: Asked) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if not self._calling:
            self._calling = True
            self._ctx.spawn(self._run(), name=self._name, may_end=True)
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._answer(taken)
            await asyncio.sleep(self._seconds)
        self._calling = False

    async def _answer(self, taken: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answer = await self._call([asked for asked, _ in taken])
        except asyncio.CancelledError:
            for _, one in taken:
                one.cancel()
            raise
        except Exception as error:  # the callers', who are the worker's tasks: theirs to raise
            for _, one in taken:
                if not one.done():
                    one.set_exception(error)
        else:
            for _, one in taken:
                if not one.done():
                    one.set_result(answer)
