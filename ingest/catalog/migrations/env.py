"""HOST, trusted: run by alembic; the connection, its transaction and its lock come from `migrating.upgrade`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
