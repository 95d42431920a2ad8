# SPDX-License-Identifier: MIT
"""The active prober: fingerprints hosts that contacted a decoy, only those, and rarely.

`safety` alone decides who may be probed and how often. `jarm`, `certificate` and `der` build and parse bytes;
`tcp_requests` owns the ordinary sockets, and `stack_child` the one that needs CAP_NET_RAW.
"""
