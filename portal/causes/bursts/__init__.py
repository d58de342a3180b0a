"""Bursts: more tickets or searches in vain than such an hour usually brings, with few false alarms."""
