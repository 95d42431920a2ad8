# SPDX-License-Identifier: MIT
"""The worker `webhook`: delivers notices to endpoints by Standard Webhooks, recorded once, sent at least once.

`breaker`, `envelope`, `http_responses`, `retry` and `signature` are pure; `http_connection` and `http_sender` own the
connections, which `decnet_workers.outbound` opens; `deliveries` has the transactions; `endpoint_queue` delivers to
one endpoint; `worker` runs them.
"""
