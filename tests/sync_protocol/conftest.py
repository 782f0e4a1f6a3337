"""Hypothesis on a shared machine: no deadline per example, the number of examples bounds the time."""

from hypothesis import settings

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
