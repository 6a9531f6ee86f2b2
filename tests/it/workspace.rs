//! `deploy --all`: many projects, one after the other or at once.
