"""How nodes come to life. First cut: the node file that names a store, its hub's broker and its devices,
and how addresses are written and listened on.

One rule: nothing here reaches into a hub's or a node's database.
"""
