# SPDX-License-Identifier: MIT
"""Section `[orchestrator]`: whether, and how much, the deckies look used."""

from typing import Annotated

import msgspec


class OrchestratorSettings(msgspec.Struct, frozen=True):
    """Section `[orchestrator]`; the worker is off until `enabled` is set."""

    enabled: bool = False
    """Whether synthetic users work on the deckies, in the working hours of their personas."""
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "UTC"
    """IANA time zone of the working hours of personas that name none, such as "Europe/Berlin"."""
    sessions_per_day: Annotated[float, msgspec.Meta(ge=0, le=200)] = 8.0
    """Sessions on each decky in eight working hours, on average: from other deckies, by HTTP,
    SSH, SMTP, FTP and MySQL."""
    files: bool = True
    """Whether the users of a decky also keep files in their home directories and get mail, from weeks before on."""
    token_url: str = ""
    """Where hits on URL tokens (`decnet canary`) arrive, e.g. "https://intranet.example.org/{token}": each of them is
    written into a file of one decky, under this URL. Empty: none is."""
    text_url: str = ""
    """Base URL of an OpenAI-compatible server that writes the prose of files and mail, e.g. of llama.cpp or Ollama:
    "http://127.0.0.1:11434/v1"; over the Internet only https. Empty: all is drawn from the grammar, which also takes
    over while the server fails."""
    text_model: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """The model that the server is to use."""
    text_key: Annotated[str, msgspec.Meta(max_length=512)] = ""
    """The server's API key, if it needs one."""
    text_seconds: Annotated[float, msgspec.Meta(gt=0, le=240)] = 60.0
    """Total time of one question to it."""
    concurrent_sessions: Annotated[int, msgspec.Meta(ge=1, le=4)] = 2
    """Sessions under way at the same time; one by SSH takes a process of about 40 MiB while it lasts."""
    keep_days: Annotated[float, msgspec.Meta(ge=45, le=3650)] = 60.0
    """How long the table `synthetic_action` keeps what was done."""
