# SPDX-License-Identifier: MIT
"""Workers: how each is and what it costs, orders to them; what is wrong with the fleet."""
