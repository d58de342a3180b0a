"""The desk's own words: groups of expressions that mean the same here, beside those that are shipped.

``words`` holds the verbs, ``serving`` gives the groups to whoever asks the index. The invariant: a group
counts from the next question on, in every process, and never after it has been taken out.
"""
