"""From a folder, a database or requests to cleaned tables: what a cell means and which rows are set aside."""
