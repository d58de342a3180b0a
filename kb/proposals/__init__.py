"""A flag that says how it should read instead, so that an editor can adopt it with one press."""
