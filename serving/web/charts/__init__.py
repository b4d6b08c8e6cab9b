"""The pictures of the page, as SVG, and their downloads."""
