"""Links that an agent sent to a caller while they spoke."""
