# SPDX-License-Identifier: MIT
"""forwarder: ships the spools of this host to a listener, each event exactly once; or to any RFC 5425 server.

`send_queue` reads spools and tracks what is acknowledged, `batch` is what is acknowledged together, `transfer` is
one connection to a listener, `plain` one to another syslog server, `dial` connects, `worker` reconnects.
"""
