"""Fault events and announcements: what the operations dispatch centre rules, and what everybody is told."""
