# SPDX-License-Identifier: MIT
"""Commands of OpenSSH that stay on the machine: keys and sshd's own checks. Clients are network_clients."""
