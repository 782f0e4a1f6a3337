"""Headquarters: the global customer record, merged from all stores and fed back to them.

One rule: nothing is acknowledged, fed or shown before it is durable in the database.
"""
