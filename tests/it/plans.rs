//! `deploy --dry-run` and `diff`: what would change, and what would move.
