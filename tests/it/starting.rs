//! `init`: a project that deploys at once.
