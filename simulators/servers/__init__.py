"""Servers of our own, started and stopped by us: brokers and databases, each in one folder, on the loopback.

One rule: nothing that the machine runs by itself is touched, and only what was started here is stopped here.
"""
