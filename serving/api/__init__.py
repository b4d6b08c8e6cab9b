"""The HTTP API: endpoints, authentication, limits, schemas, documentation, log and metrics."""
