"""How people look at lists of tickets: what the address asks for, columns, saved views and their counts.

Who may see which ticket is never decided here: a shared view shows each person what their own posts
serve. The conditions themselves stand in ``portal.tickets.selection``.
"""
