# SPDX-License-Identifier: MIT
"""ATT&CK techniques. Tables: ttp_tag, ttp_technique_attacker, ttp_window (of ttp), ttp_rule_state (of operator)."""
