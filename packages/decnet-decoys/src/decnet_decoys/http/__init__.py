# SPDX-License-Identifier: MIT
"""The HTTP service: one small HTTP/1.1 server that answers like nginx, Apache or lighttpd, as the persona says.

`request` parses and `site` answers, both pure; `service` does the I/O. Written here because h11 hides header order and
case, which are evidence, and answers malformed requests in its own words, which would give a decoy away.
"""
