//! A base is looked into once, wherever it is.
