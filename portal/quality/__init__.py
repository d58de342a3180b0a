"""Service quality: who is rung after the close (回访), whose work is looked at (质检), what came of it."""
