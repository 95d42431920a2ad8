# SPDX-License-Identifier: MIT
"""What sniff and probe both parse, pure: SSH greetings, and the stack behind a SYN or SYN+ACK.

Outside of both, because a worker never imports another (law 1).
"""
