"""The knowledge base (知识库): articles, their life, their revisions, the one Markdown renderer.

A library: a test or a notebook can use it with a SQLAlchemy ``Session`` and nothing else.
It has never heard of tickets, people's posts or web pages; authors are plain person ids.
"""
