import os

import yaml

with open(os.path.join(os.path.dirname(__file__), "conf/sources.yaml")) as f:
    config = yaml.safe_load(f)

# --- what it means ---
# yaml_config.py line 3: ModuleNotFoundError: No module named 'yaml'
# add `dependencies: [PyYAML]` to leoflow.yaml if it is a package; a module of yours has to lie beside dag.py
