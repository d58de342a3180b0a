"""What Alembic runs for every command: our connection, our options, one transaction."""

from alembic import context

from portal.migrations.history import options

context.configure(**options(context.config.attributes["connection"]))
with context.begin_transaction():
    context.run_migrations()
