"""Files and models for other systems: CRM imports, MLflow's pyfunc."""
