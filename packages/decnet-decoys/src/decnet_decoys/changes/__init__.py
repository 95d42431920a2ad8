# SPDX-License-Identifier: MIT
"""What intruders changed on a decky, for everybody who comes later and after a restart: one document per decky.

What decides about log-ins is here without the shell, which only a session needs.
"""
