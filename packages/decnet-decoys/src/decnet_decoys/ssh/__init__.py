# SPDX-License-Identifier: MIT
"""The SSH service: logins captured, shells played and recorded, uploads kept, forwarding refused and recorded.

asyncssh speaks the protocol; `engine` is the only way it is loaded. `sftp` and `scp` are sans-IO.
"""
