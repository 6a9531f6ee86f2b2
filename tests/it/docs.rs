//! Every command in README and docs is run.
