"""The demo: a hub, a broker and some stores as real processes, with real traffic, and one store that goes dark."""
