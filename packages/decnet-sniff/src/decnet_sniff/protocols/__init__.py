# SPDX-License-Identifier: MIT
"""What sniff and probe both read, pure: SSH greetings, and what SYN and SYN+ACK say about a stack.

It lies outside both because a worker never imports another (law 1).
"""
