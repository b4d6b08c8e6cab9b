"""The service as processes: BentoML, workers, supervision."""
