"""What Alembic runs around the revisions: they work on the connection and in the transaction that they are given."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
