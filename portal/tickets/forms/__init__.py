"""Information forms: what is asked about a ticket of one system and category beside the user's own words.

``fields`` says what a field is and checks a value, pure; ``models`` the tables; ``editing`` what
administrators do; ``sheets`` which form a ticket has and what was answered; ``answering`` keeps answers.
The deed on a ticket that is being worked on, with its line in the trail, is ``tickets.informing``.
The invariant: an answer keeps the version of the form it was given on, and a form asks nothing of tickets
that were filed before it was published.
"""
