"""What the matcher has been taught, and what it would help most to be told next.

``picking`` says how much a judgement would help, ``gathering`` (the worker's job) examines tickets and keeps
the choice, ``queue`` is what one judge is offered, ``tally`` and ``listing`` show what was judged. Learning
itself is ``portal.finder.learning``. Nothing here knows a page.
"""
