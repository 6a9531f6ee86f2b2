//! Wheels into the files that an installer would have left, and into layers.
