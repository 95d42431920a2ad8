# SPDX-License-Identifier: MIT
"""The worker `webhook`: delivers notices to endpoints by Standard Webhooks, recorded once, sent at least once.

`addresses`, `breaker`, `envelope`, `retry`, `signature` and `target` are pure; `dial` and `post` own the connections;
`outbox` is the database's side; `lane` sends to one endpoint in order; `worker` wakes and starts lanes.
"""
