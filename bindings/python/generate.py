"""Nothing: `make header` writes what is generated for Python, as for every language."""
