"""Runs the migrations on the connection that `digest.storage.engine` hands over; opens none itself."""

from alembic import context

from digest.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
