//! The control plane's stand-in.
