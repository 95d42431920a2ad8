# SPDX-License-Identifier: MIT
"""What a zygote prepares for `webhook`: a delivery of JSON by HTTP imports and compiles nothing."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.decnet_models.migrated import migrated_database


def test_a_delivery_needs_nothing_that_was_not_prepared(tmp_path: Path) -> None:
    """In an interpreter of its own, which has loaded nothing else."""
    script = """
        import sys, time
        from decnet_core.supervise.preload.before_fork import load
        worker = load("decnet_workers.webhook.worker:Webhook")
        worker.warm()
        from sqlalchemy.sql import compiler
        from decnet_core.events.notices import CredentialCaptured
        from decnet_models.database.engine import open_engine, reading, writing
        from decnet_models.database.schema import require_current
        from decnet_models.notices import queries as notices
        from decnet_models.webhooks.queries import add_webhook
        from decnet_models.webhooks.delivery_queries import Success
        from decnet_workers.outbound.dial import Dialler
        from decnet_workers.webhook.deliveries import Deliveries
        from decnet_workers.webhook.queues.endpoint_sender import Means, transport_of
        from decnet_workers.webhook.settings import WebhookSettings
        from pathlib import Path

        url, now = sys.argv[1], time.time_ns()
        engine, others = open_engine(url), open_engine(url)
        with writing(others) as connection:
            endpoint = add_webhook(connection, "https://a.example/", since_seq=0, now_ns=now)
            told = CredentialCaptured(now, "192.0.2.1", "ssh", "root", accepted=True)
            notices.add(connection, "one", told, now)
        others.dispose()
        compiled, init = [], compiler.SQLCompiler.__init__

        def noted(self, dialect, statement, *more, **named):
            compiled.append(str(statement))
            init(self, dialect, statement, *more, **named)

        compiler.SQLCompiler.__init__, loaded = noted, set(sys.modules)
        with reading(engine) as connection:
            require_current(connection)
        deliveries = Deliveries(engine, WebhookSettings())
        deliveries.prepare()
        deliveries.poll()
        job = deliveries.jobs([endpoint.id], 1)[endpoint.id]
        dialler = Dialler("webhook", allowed=(), connect_seconds=1.0)
        means = Means(
            dialler, b"k" * 32, attempt_seconds=1.0, idle_seconds=1.0, files=Path("x"), file_bytes=1, file_keep=1
        )
        transport = transport_of(job.webhook, means)
        assert transport.request(job.deliveries[0], 1)
        deliveries.record_successes([Success(job.deliveries[0], 200)])
        deliveries.poll()
        engine.dispose()
        assert not compiled, compiled
        assert set(sys.modules) == loaded, set(sys.modules) - loaded
    """
    url = migrated_database(tmp_path / "decnet.db")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), url], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
