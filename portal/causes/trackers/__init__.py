"""What other trackers export, read into our own rows: Bugzilla (XML, CSV), Jira (XML, CSV, JSON), any CSV.

Files become issues, a mapping turns issues into rows, and the rows go through the same import as any other
defect records. Nothing here writes. The invariant: whatever bytes come in, what comes out is rows or one
sentence; no address in a file is opened and no entity unfolded.
"""
