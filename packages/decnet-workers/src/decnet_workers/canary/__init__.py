# SPDX-License-Identifier: MIT
"""The worker `canary`: HTTP and DNS receivers of canary tokens.

An edge worker: it has no database. A token proves itself by its MAC (`decnet_core.canary`), every request is an event
in the spool. `requests`, `find`, `forwarded`, `wire` and `zone` are pure; `http` and `dns` own the connections;
`worker` owns the sockets.
"""
