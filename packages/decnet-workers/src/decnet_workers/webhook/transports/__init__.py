# SPDX-License-Identifier: MIT
"""How messages travel to an endpoint: HTTP, syslog (UDP, TCP, TLS), SMTP, or into a file; one module each.

All but the file connect through `decnet_workers.outbound`. Each is imported when the first endpoint of its kind is
used.
"""
