"""The node's local HTTP API and the till page."""
