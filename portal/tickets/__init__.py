"""Tickets: the table of steps, the verbs of the desk, clocks, trail and notices."""
