"""The cleaning of tables: cells become typed values, rows that cannot be used are set aside with a reason."""
