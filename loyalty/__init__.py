"""The rules of the trade as pure functions: the same input gives the same receipt on a till and at the hub.

One rule: integers only (minor units, basis points, thousandths of a piece), and no I/O, no clock, no chance.
"""
