"""Service levels and calendars as the desk lays them down, and the warnings before a deadline passes.

The arithmetic is in ``service_levels`` and ``working_calendar``, the clocks of one ticket in ``clocks``.
"""
