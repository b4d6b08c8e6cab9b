"""Whether the champion is still right: drift, labels that matured, early signs, what to do."""
