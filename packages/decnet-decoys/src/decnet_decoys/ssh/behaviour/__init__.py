# SPDX-License-Identifier: MIT
"""How a real SSH server answers what ordinary clients never send: asyncssh's own answers name it with one packet.

`connection.py`, `channel.py` and `authentication.py` take the place of asyncssh's handling; what differs between
servers is a dialect. tests/decnet_decoys/ssh/dialogues holds them against OpenSSH and dropbear.
"""
