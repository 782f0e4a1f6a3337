"""The hub's HTTP API and console, by domain."""
