"""Measuring: parts with metrics, each against a baseline taken in the same run.

One rule: figures come from here, never from a timed test; a figure without its baseline says little on another machine.
"""
