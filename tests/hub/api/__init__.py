"""Tests of the HTTP API and the console page, on a real SQLite hub that is filled through the sync session."""
