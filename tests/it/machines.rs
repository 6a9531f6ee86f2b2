//! Events, GitHub, GitLab, and the schemas of every result.
