//! The real road: registries, container runtimes, a base with a Python in it.

fn main() {}
