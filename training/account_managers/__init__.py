"""Account managers' forecasts and overrides, and how right they have been."""
