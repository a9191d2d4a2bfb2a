"""HTML and SVG: marks, scales and tables that every page is made of."""
