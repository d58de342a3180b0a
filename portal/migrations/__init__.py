"""The schema's history: how an installed ``tierdesk`` brings a database to the present shape.

Alembic is configured in code, so that no ini file has to travel with the wheel. What the tables are
is said by the models alone; a test proves on every database that the history ends where they stand.
"""
