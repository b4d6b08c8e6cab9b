"""Maintenance of the store: upgrade, backup, restore, check."""
