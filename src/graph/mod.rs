//! A spec's tasks and edges, and pictures of them: text for a terminal, Mermaid, dot, SVG, JSON.
//!
//! Everything here is pure, and the same spec gives the same bytes. Output and time grow with tasks and edges, never with
//! the number of paths: a ladder of diamonds is as cheap as a chain.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod dominators;
mod dot;
mod groups;
mod json;
mod mermaid;
mod model;
mod svg;
mod text;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use dot::dot;
pub use json::json;
pub use model::Graph;
pub use svg::svg;
pub use text::{Style, text};

use crate::dag::DagSpec;

/// How many edges GitHub draws in one Mermaid diagram (`maxEdges`); beyond, it shows an error instead.
pub const MERMAID_EDGES: usize = 500;

/// How many characters GitHub reads of one Mermaid diagram (`maxTextSize`).
pub const MERMAID_TEXT: usize = 50_000;

/// Returns a spec as a Mermaid flowchart.
#[must_use]
pub fn mermaid(spec: &DagSpec) -> String {
    mermaid::mermaid(&Graph::of(spec))
}

impl Graph {
    /// Returns the graph as a Mermaid flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::mermaid(self)
    }
}
