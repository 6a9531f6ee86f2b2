from .common import settings

# --- what it means ---
# relative_import.py line 1: ImportError: attempted relative import with no known parent package
# dag.py is no part of a package; its directory is on sys.path: write `from module import name`
