# SPDX-License-Identifier: MIT
"""The head of the first HTTP/1 request of a connection, and the program its client claims to be. Pure."""
