"""A defect record told to users: its workaround as a known-error article, kept in step and retired in time.

``wording`` says what the article says, ``publishing`` writes and renews it, ``retiring`` takes it off line
when the repair runs everywhere. What a single unit is no longer offered is ``catalogue.outgrown``'s rule.
"""
