# SPDX-License-Identifier: MIT
"""The NATS client protocol, without sockets: frames, parser, headers, subject matching, and the bounded send queue."""
