"""The published pages: Jinja2 templates over a release's rows, plain HTML and one style sheet, no scripts."""
