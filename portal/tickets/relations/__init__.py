"""Relations between tickets: duplicates merged, parents and children across systems, see-also, watchers.

Parent and survivor are columns of the ticket, because the table of steps asks for them; deeds that change
them are steps of that table. See-also and the record of who let whom watch have tables here.
"""
