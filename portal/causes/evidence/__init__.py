"""What speaks for a record being behind a ticket, beside the words: who else reported it lately."""

from portal.causes.evidence.who_else import DAYS, NOBODY, WhoElse, who_else

__all__ = ["DAYS", "NOBODY", "WhoElse", "who_else"]
