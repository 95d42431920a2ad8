# SPDX-License-Identifier: MIT
"""Recognises link scanners: mail gateways and chat programs that look at a link before a person does. Pure.

What they do is recorded and marked, but is no alert. They are recognised by the networks and agents of the settings, by
agents that are well known, by HEAD, which browsers and thieves' tools do not use, and by what one has just been.
"""

from collections import OrderedDict

from decnet_core.net.addresses import Network, parse_address, source_of

AGENTS = (
    "slackbot", "slack-imgproxy", "discordbot", "telegrambot", "whatsapp", "skypeuripreview", "twitterbot",
    "facebookexternalhit", "facebot", "linkedinbot", "mattermost", "rocket.chat", "synapse", "viber", "signal-",
    "barracuda", "proofpoint", "mimecast", "symantec", "trendmicro", "forcepoint", "iframely", "embedly", "bitlybot",
    "googlebot", "bingbot", "applebot", "redditbot", "pinterest", "vkshare",
)  # fmt: skip
"""Parts of their user agents, in lower case."""
MOST_REMEMBERED = 1024


class Scanners:
    """What the settings say of link scanners, and who has been one lately."""

    def __init__(self, networks: tuple[Network, ...], agents: tuple[str, ...], seconds: float) -> None:
        self._networks = networks
        self._agents = (*AGENTS, *(agent.lower() for agent in agents if agent))
        self._seconds = seconds
        self._lately: OrderedDict[tuple[str, str], float] = OrderedDict()

    def reason(self, token: str, address: str, now: float, *, agent: str | None = None, method: str = "") -> str | None:
        """Return why who uses a token is taken for a link scanner; None for a person. `now` is monotonic seconds."""
        key = (token, source_of(address))
        why = self._by_itself(address, agent, method)
        if why is not None:
            self._remember(key, now)
        elif now - self._lately.get(key, -self._seconds) < self._seconds:
            why = "just was one"
        return why

    def _by_itself(self, address: str, agent: str | None, method: str) -> str | None:
        parsed = parse_address(address)
        network = next((each for each in self._networks if parsed is not None and parsed in each), None)
        if network is not None:
            return f"network {network}"
        folded = (agent or "")[:1024].lower()
        known = next((part for part in self._agents if part in folded), None)
        if known is not None:
            return f"agent {known}"[:64]
        return "method HEAD" if method == "HEAD" else None

    def _remember(self, key: tuple[str, str], now: float) -> None:
        self._lately[key] = now
        self._lately.move_to_end(key)
        if len(self._lately) > MOST_REMEMBERED:
            self._lately.popitem(last=False)
