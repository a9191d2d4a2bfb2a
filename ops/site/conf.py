"""How Sphinx makes the site of `build/pages`; `make site` runs it."""

project = "valuebox"
html_title = "valuebox"
html_theme = "furo"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
extensions = ["myst_parser"]
# Headings are found by the names that they have elsewhere, such as in a repository.
myst_heading_anchors = 4
highlight_language = "none"
# Sections that benchmarks write have headings of one level, wherever they stand.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]
