"""How good an article is, how much it is used, which ones say the same, and whose work others build on.

``checks`` is the checklist and pure; ``standing`` counts and writes it down; ``pairs`` finds duplicates,
``reuse`` what others did with an author's articles. Nothing here changes an article.
"""
