"""People, their posts and units, what each post may do, signing in."""
