"""Bringing articles in from files on a page: uploaded, previewed, confirmed, done in parts, taken back.

What a file says is read in ``kb.importing``; here it meets the desk: who brings it, what that person may
do, where the pictures go. The invariant: an import can do nothing that the same person could not do
article by article; each is asked again at the moment it is written.
"""
