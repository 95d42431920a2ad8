# SPDX-License-Identifier: MIT
"""Asks an OpenAI-compatible server for what people write into their documents, instead of drawing it from a grammar.

What it says is text for a file and nothing else: it is cleaned, bounded, and refused where a person would not have
written it. Whoever asks has the grammar's text in hand, and uses that when there is no other.

What speaks HTTP and TLS is imported when something is asked: most orchestrators never ask.
"""

import re
import time
from collections.abc import Callable

import msgspec

from decnet_core.timing.backoff import backoff
from decnet_workers.errors import WorkersError
from decnet_workers.orchestrator.settings import OrchestratorSettings

LONGEST = 1500
"""Characters of a text that is accepted."""
MAX_ANSWER_BYTES = 65536
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60.0, 3600.0
_TOKENS = 400

_MANNERS = (
    "You write what employees leave in files on their computers at work: short, plain and matter-of-fact, without "
    "formatting. Answer with the text alone. Never comment on it, and never speak of yourself."
)
_OUT_OF_CHARACTER = re.compile(
    r"\b(as an ai|language model|i cannot|i can't|i'm sorry|i am sorry|here is|here's|sure[,!]|certainly[,!])",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^```.*$\n?", re.MULTILINE)


class TextError(WorkersError):
    """There is no text; the message says why."""


class _Failed(WorkersError):
    """The server did not answer as it should."""


class Wanted(msgspec.Struct, frozen=True):
    """What is to be written: `about` what kind of document it is, `example` what the grammar would write."""

    about: str
    user: str
    host: str
    day: str
    example: str


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class TextEndpoint:
    """The server of the settings. After a failure it is left alone, each time for twice as long, at most an hour."""

    def __init__(self, settings: OrchestratorSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._failures = 0
        self._not_before = 0.0

    @property
    def usable(self) -> bool:
        return bool(self._settings.text_url) and self._clock() >= self._not_before

    async def ask(self, wanted: Wanted, seed: int) -> str:
        """Return a text in place of the example; raises TextError."""
        try:
            said = await self._said(wanted, seed)
        except _Failed as error:
            pause = backoff(FIRST_PAUSE_SECONDS, self._failures, LONGEST_PAUSE_SECONDS)
            self._failures, self._not_before = self._failures + 1, self._clock() + pause
            raise TextError(f"{error}; it is asked again after {pause:g} s") from error
        self._failures = 0
        return cleaned(said, wanted.example)

    async def _said(self, wanted: Wanted, seed: int) -> str:
        """Return the server's answer; raises _Failed."""
        from decnet_workers.outbound.dial import Dialler
        from decnet_workers.outbound.http_request import RequestError, body_of, request

        body = msgspec.json.encode(
            {
                "model": self._settings.text_model,
                "messages": [{"role": "system", "content": _MANNERS}, {"role": "user", "content": _question(wanted)}],
                "max_tokens": _TOKENS,
                "seed": seed,
            }
        )
        headers = {"Content-Type": "application/json"}
        if self._settings.text_key:
            headers["Authorization"] = f"Bearer {self._settings.text_key}"
        url = f"{self._settings.text_url.rstrip('/')}/chat/completions"
        limit = self._settings.text_seconds
        dialler = Dialler("orchestrator", allowed=(), connect_seconds=min(5.0, limit))
        try:
            async with request(dialler, url, headers, seconds=limit, body=body, allow_private=True) as response:
                if response.status != 200:
                    raise _Failed(f"it answers {response.status}")
                completion = msgspec.json.decode(await body_of(response, MAX_ANSWER_BYTES), type=_Completion)
            return completion.choices[0].message.content
        except RequestError as error:
            raise _Failed(str(error)) from error
        except (msgspec.MsgspecError, IndexError) as error:
            raise _Failed("its answer is no chat completion") from error


def cleaned(said: str, example: str) -> str:
    """Return a text as it goes into a document; raises TextError when no person would have written it.

    It ends as the example does. A line never begins with "From ", at which a mail spool begins the next mail.
    """
    text = _FENCE.sub("", said).strip().replace("\r\n", "\n")
    if not text or len(text) > LONGEST:
        raise TextError(f"a text of {len(text)} characters is not used")
    if not all(char.isprintable() or char in "\n\t" for char in text) or "\ufffd" in text:
        raise TextError("a text with control characters is not used")
    if _OUT_OF_CHARACTER.search(text):
        raise TextError("a text that speaks to whoever asked is not used")
    lines = (f">{line}" if line.startswith("From ") else line.rstrip() for line in text.split("\n"))
    return "\n".join(lines) + ("\n" if example.endswith("\n") else "")


def _question(wanted: Wanted) -> str:
    return (
        f"{wanted.user} writes {wanted.about}, on the computer {wanted.host}, on {wanted.day}. Write what is there in "
        "place of the following, which is of another day: of the same form, about as long, about something else.\n\n"
        f"{wanted.example}"
    )
