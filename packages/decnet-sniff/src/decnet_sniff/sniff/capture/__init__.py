# SPDX-License-Identifier: MIT
"""Where packets come from: AF_PACKET sockets and their ring, pcap and pcapng files, and the packet filter for both."""
