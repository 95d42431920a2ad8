# SPDX-License-Identifier: MIT
"""The phases of the kill chain, named as the ATT&CK tactics (Enterprise) where one fits."""

RECONNAISSANCE = "reconnaissance"
CREDENTIAL_ACCESS = "credential access"
INITIAL_ACCESS = "initial access"
EXECUTION = "execution"
TOOL_TRANSFER = "tool transfer"
COLLECTION = "collection"

PHASES = (RECONNAISSANCE, CREDENTIAL_ACCESS, INITIAL_ACCESS, EXECUTION, TOOL_TRANSFER, COLLECTION)
"""All of them, in the order of the kill chain."""
