"""The catalogue: every system of the company, its modules, who runs which version, data services."""
