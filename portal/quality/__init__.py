"""Service quality: follow-ups, inspections, the improvement list."""
