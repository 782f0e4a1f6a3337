"""Incidents: dead letters, entries in quarantine, alarms."""
