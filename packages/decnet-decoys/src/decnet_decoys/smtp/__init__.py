# SPDX-License-Identifier: MIT
"""SMTP as Postfix 3.7 speaks it: every log-in and every mail kept, whatever its recipients; nothing is ever sent.

`commands` answers a command by the state of the session; `incoming` takes the client's bytes apart; `service` plays
one connection.
"""
