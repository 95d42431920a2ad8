# SPDX-License-Identifier: MIT
"""The workers of the master: one folder each, by the name of the worker.

No worker imports another; what two of them need is in `decnet_core`, in a domain of `decnet_models`, or in `outbound`.
"""
