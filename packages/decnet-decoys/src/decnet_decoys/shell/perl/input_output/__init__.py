# SPDX-License-Identifier: MIT
"""How Perl programs read, write and run others: handles, files, directories, sockets and processes of the decoy."""
