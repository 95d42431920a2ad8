# SPDX-License-Identifier: MIT
"""The worker `enrich`: what other parties say about the addresses that attack us.

Two kinds of providers. Some are *asked* about one address at a time (`asked`: GreyNoise, AbuseIPDB, the DNS); they are
told the address and nothing else, within their quota, and each has a queue of its own (`provider_queue`). The others
are looked up here: lists that are fetched whole (`lists`) and MMDB files (`mmdb`).

`answers`, `dns.message`, `lists.lines`, `pauses` and `targets` are pure; `outbound.http_request` and `dns.client` own
the sockets, `knowledge` the transactions, `worker` runs them.
"""
