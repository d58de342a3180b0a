"""Finding: ask the index, re-check in the database, return what this viewer may see."""
