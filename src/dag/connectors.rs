//! Connector names and the provider packages they stand for.
