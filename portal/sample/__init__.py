"""The sample desk: a fictional grid company, its people, texts and half a year of tickets.

The texts are written for this project (YAML and Markdown beside this file); the code here only plays
them through the desk's own verbs, seeded, so that every trail is one that could have happened.
"""
