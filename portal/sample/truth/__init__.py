"""A made-up year of which the truth is known: what is behind each ticket, and which repairs did not hold.

``plan`` says what happens and is pure; ``play`` lets the desk's own verbs do it and people judge what the
system proposes; ``alarmed`` and ``measures`` count what came of it. Played by
``benchmarks/simulated_year.py`` and its test.
"""
