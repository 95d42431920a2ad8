# SPDX-License-Identifier: MIT
"""Telnet as BusyBox serves it: options on the wire, a login on the line, then the shell that SSH has, too.

`options` and `login_line` turn bytes into bytes; `dialogue` plays one connection.
"""
