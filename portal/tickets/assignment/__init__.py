"""Who works on what: being away, taking the next ticket, sharing out a queue, handing a shift over.

A post decides whom a ticket may go to (unit for the front, system for middle and back); nothing here widens
that. Every ticket changes hands through ``desk.move`` alone, so the table of steps says who may do it and
the trail tells it. The invariant: whoever is away is given nothing.
"""
