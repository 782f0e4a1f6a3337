"""Whether the hub answers."""
