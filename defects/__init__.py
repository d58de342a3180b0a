"""The defect library (缺陷问题库): root-cause records, their life, their versions and error codes.

A library like ``kb``, one floor above it: it may point at articles, and has never heard of tickets.
"""
