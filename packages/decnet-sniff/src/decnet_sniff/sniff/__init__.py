# SPDX-License-Identifier: MIT
"""The worker `sniff`: packets in, findings out.

`capture` delivers packets, from an interface or a file. `observer` decodes them with `packets` and passes them to
`transport`, which tracks flows and recognises their content with `tls`, `quic` and `http` (SSH and TCP/IP stacks:
`decnet_sniff.protocols`, shared with the prober) and reports probes to `scan`. `sinks` and `findings` collect the
results, and `worker` emits them.
"""
