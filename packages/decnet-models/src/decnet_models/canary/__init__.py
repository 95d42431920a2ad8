# SPDX-License-Identifier: MIT
"""The canary tokens that were planted. Table: canary_token, written by the operator's command, read by profiler.

The receiver does not read it: a token proves itself (`decnet_core.canary`). This says where each was planted.
"""
