"""What the desk's judgements have taught: what is left out of the teaching, each learning, how well it did.

``learning`` beside it does the learning. Nothing here knows a page, and nothing here learns.
"""
