"""What a program that runs for months needs, a node as much as a hub: logs, metrics, signals, waiting, one instance.

One rule: nothing here knows what a node or a hub does.
"""
