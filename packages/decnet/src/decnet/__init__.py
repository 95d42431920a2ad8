# SPDX-License-Identifier: MIT
"""The operator's command: brings a fleet up, shows what it saw, manages canaries and webhooks, and drills it.

`command` finds the module of the command that was asked for; nothing else is imported before that.
"""
