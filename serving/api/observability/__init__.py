"""What is seen of the running service: its log, metrics, spans, and what belongs to a request."""
