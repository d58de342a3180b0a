"""Random histories of several people at once: what must hold whatever they do."""
