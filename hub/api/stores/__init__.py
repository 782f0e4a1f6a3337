"""Stores: creating slots, and how far each store is."""
