"""Evidence that an article is no longer right, and the list of what to check again.

``rules`` weighs evidence and is pure, ``evidence`` gathers it, ``rounds`` writes down what the rules say,
``listing`` reads it. The invariant: evidence from before somebody vouched for the words doesn't count.
"""
