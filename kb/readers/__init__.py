"""What a reader leaves behind for themselves: what they read lately.

How often an article is read is ``kb.views``, what readers say of it ``kb.articles.rate``. The invariant:
nobody but the reader sees these marks, and they are forgotten after ``recent.KEPT``.
"""
