"""The wall: tickets that no record explains yet, in groups that last; and records that are told twice."""
