# SPDX-License-Identifier: MIT
"""What happened in a span of time: which events are selected, their summary, recordings of sessions played back."""
