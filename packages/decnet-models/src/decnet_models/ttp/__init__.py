# SPDX-License-Identifier: MIT
"""ATT&CK techniques. Tables: ttp_tag, ttp_window (written by ttp), ttp_rule_state (written by the operator)."""
