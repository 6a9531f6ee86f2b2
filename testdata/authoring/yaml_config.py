import os

import yaml

with open(os.path.join(os.path.dirname(__file__), "conf/sources.yaml")) as f:
    config = yaml.safe_load(f)

# --- what it means ---
# yaml_config.py line 3: ModuleNotFoundError: No module named 'yaml'
# packages are not installed while dag.py is compiled: write `import yaml` inside the function under `@task` that uses it, and name the package under `dependencies:`; a module of yours must lie beside dag.py
