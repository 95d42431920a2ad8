# SPDX-License-Identifier: MIT
"""Which notices an endpoint receives."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from decnet_core.events.notices import NOTICE_KINDS, TestNotice, notice_kind
from decnet_models.notices.queries import OutboxLine
from decnet_models.webhooks.queries import Webhook

TEST = notice_kind(TestNotice)


def wants(webhook: Webhook, line: OutboxLine) -> bool:
    """Return whether `webhook` receives the notice: newer than itself and of its kinds; a test only if its own."""
    if line.seq <= webhook.since_seq:
        return False
    if line.kind == TEST:
        return msgspec.json.decode(line.body, type=TestNotice).webhook == webhook.id
    return not webhook.kinds or any(fnmatchcase(line.kind, glob) for glob in webhook.kinds)


def idle_globs(globs: Sequence[str]) -> list[str]:
    """Return those of `globs` that match no known kind: a mistake."""
    return [glob for glob in globs if not any(fnmatchcase(kind, glob) for kind in NOTICE_KINDS)]
