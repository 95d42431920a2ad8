# SPDX-License-Identifier: MIT
"""Link layers, IP headers, fragments and tunnels: from a frame to the TCP or UDP header in it. Pure."""
