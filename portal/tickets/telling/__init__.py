"""Who wants to be told what, how, and when; and what happened at the desk, for those who listen outside."""
