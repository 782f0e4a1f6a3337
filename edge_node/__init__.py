"""One store's node: it prices, sells, prints and keeps, whether the hub is there or not.

One rule: a sale is one SQLite transaction. Before its commit nothing happened, after it everything did.
"""
