# SPDX-License-Identifier: MIT
"""forwarder: ships the spools of this host to a listener, each event exactly once; or to any RFC 5425 server.

`outgoing` reads spools and remembers what is stored elsewhere, `parcel` is what goes over the wire at once, `shipment`
is one connection to a listener, `plain` one to another syslog server, `worker` connects again and again.
"""
