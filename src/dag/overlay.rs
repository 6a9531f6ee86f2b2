//! leoflow.yaml laid over what dag.py declares; pure.
