# SPDX-License-Identifier: MIT
"""The active prober: fingerprints the hosts that came to a decoy, only those, and rarely.

`safety` alone decides who may be probed and how often. `jarm`, `certificate` and `der` build and read bytes;
`tcp_requests` owns the ordinary sockets, and `stack_child` the one that needs CAP_NET_RAW.
"""
