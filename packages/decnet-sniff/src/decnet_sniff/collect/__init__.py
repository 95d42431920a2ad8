# SPDX-License-Identifier: MIT
"""The worker `collect`: reads the logs of other honeypots and syslog, each line once, and makes typed events of them.

`cowrie`, `opencanary` and `syslog` are pure parsers: a line in, an outcome out. `follow` reads one file, `history`
knows the names of rotated ones, `source` follows a log through both; `worker` owns the events and the positions.
"""
