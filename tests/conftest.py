"""What every test may ask for; each subject's own fixtures live in its folder."""

pytest_plugins = ("tests.postgres", "tests.engines", "tests.world")
