# SPDX-License-Identifier: MIT
"""The worker `sniff`: packets in, findings out.

Pure modules decode (`link`, `ip`), reassemble (`fragments`, `reassembly`) and recognise (`recognise` and what it asks:
`tls`, `quic`, `ssh`, `http`, `stack`, `scans`, `timing`); `capture` and `pcap` are the two sources of packets, and
`worker` emits what was found.
"""
