# SPDX-License-Identifier: MIT
"""The worker `webhook`: delivers notices to endpoints by Standard Webhooks, recorded once, sent at least once.

`addresses`, `breaker`, `envelope`, `http_responses`, `retry`, `signature` and `target` are pure; `dial`,
`http_connection` and `http_sender` own the connections; `deliveries` has the transactions; `endpoint_queue` delivers to
one endpoint; `worker` runs them.
"""
