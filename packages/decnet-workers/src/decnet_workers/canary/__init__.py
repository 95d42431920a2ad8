# SPDX-License-Identifier: MIT
"""The worker `canary`: receivers of canary tokens, by HTTP, HTTPS, DNS and WireGuard.

An edge worker: it has no database. A token proves itself by its MAC (`decnet_core.canary`), every request is an event
in the spool. `requests`, `find`, `forwarded`, `redirects`, `scanners`, `wireguard`, `dns.wire` and `dns.zone` are pure;
`http`, `datagrams` and `dns.resolver` own the connections; `worker` owns the sockets.
"""
