# SPDX-License-Identifier: MIT
"""The worker `collect`: reads the logs of other honeypots and of hosts, each line once, and makes typed events of them.

A line is understood by its format: `cowrie`, `opencanary`, `syslog`, `plain` and `mapping` (any JSON, by a
`mapping_file`) are pure; `formats` chooses. It comes from an input. Files: `follow` reads one, `history` knows the
names of rotated ones, `source` follows a log through both, `watch` waits, `files` does all of them. What speaks by
itself hands in at a `desk`: `journal` (its bytes: `export`), `containers` (`engine`, `http_answer`, `log_stream`, and
`marks` for what was seen), the network (`receive_udp`, `receive_tcp`; `framing`, `limits`). `emit` is the one door to
the spool.
"""
