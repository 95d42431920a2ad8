# SPDX-License-Identifier: MIT
"""Telnet as BusyBox and as Debian's inetutils serve it: options on the wire, a login on the line, then SSH's shell.

`options` and `inetutils` turn bytes into bytes, `flavour` says what else differs; `dialogue` plays one
connection.
"""
