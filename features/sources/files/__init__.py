"""Files of every kind as tables of raw cells: text as it stands, or what the file itself types."""
