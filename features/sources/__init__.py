"""From a folder, a database or a request to cleaned tables: how a cell is read and which rows are set aside."""
