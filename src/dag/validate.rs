//! The guardrails: what is fatal about a DAG, with the place and the fix.
