"""Members: people behind one or several ids, with what they have."""
