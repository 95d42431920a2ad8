# SPDX-License-Identifier: MIT
"""The worker `collect`: reads the logs of other honeypots and of hosts, each line once, and makes typed events of them.

A line is a `record` until its format says what it means: `formats` (Cowrie, OpenCanary, syslog, plain text) and
`mapping` (any JSON, by a mapping file) are pure. Where it comes from is an input: `files`, followed through rotation,
are polled; `journal`, `containers` and `network` push, each into an `input_sink`. `emitter` alone writes the spool.
"""
