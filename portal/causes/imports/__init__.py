"""Defect records brought in on a page: exports of Bugzilla and Jira, other trackers' tables, our own columns.

The reading and the mapping are ``causes.trackers``', the writing is ``defects.importing``: the same as the
command's. Here is what a page needs beside: what the file seems to be, the words it uses and what they are
taken for, one record looked at again, and taking back. The invariant: nobody brings in by a page what the
same file would not bring by the command.
"""
