"""What was written down as a notice or a happening is carried on: by mail, and to robots outside.

A delivery is a row; the worker makes it from what was committed, takes it under a lease, sends it and marks
it. Nothing here knows a page. The invariant: one row, and so one message, for one notice and one channel.
"""
