# SPDX-License-Identifier: MIT
"""Commands about the machine: accounts, hardware, processes, network, installed software."""
