"""From tickets to root causes: links the system makes by itself, recurrence, groups, what people must decide.

Each subject is a sub-package of its own with its tables in ``models``. Searching and weighing live in
``finder``; records and their life in ``defects``; nothing here knows a page.
"""
