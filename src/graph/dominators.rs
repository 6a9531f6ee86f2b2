//! Which task every path to a task leads through: the nearest one is where the terminal's tree hangs it.

use super::model::Graph;

/// The dominator tree of a DAG whose roots all hang from one node beside the tasks.
pub(super) struct Dominators {
    parent: Vec<usize>,
    /// An ancestor far up, so that climbing takes a logarithm of steps (Myers, "An applicative random-access stack", 1983).
    jump: Vec<usize>,
    depth: Vec<usize>,
}

/// Returns for each task the last one that all paths to it have in common; the number of tasks stands for none.
pub(super) fn immediate(graph: &Graph) -> Vec<usize> {
    let root = graph.tasks.len();
    let mut tree = Dominators { parent: vec![root; root + 1], jump: vec![root; root + 1], depth: vec![0; root + 1] };
    for &at in &graph.order {
        let parents = graph.tasks[at].upstream.iter().copied();
        tree.hang(at, parents.reduce(|a, b| tree.common(a, b)).unwrap_or(root));
    }
    tree.parent.truncate(root);
    tree.parent
}

impl Dominators {
    fn hang(&mut self, at: usize, parent: usize) {
        let (near, far) = (self.jump[parent], self.jump[self.jump[parent]]);
        let even = self.depth[parent] - self.depth[near] == self.depth[near] - self.depth[far];
        self.parent[at] = parent;
        self.depth[at] = self.depth[parent] + 1;
        self.jump[at] = if even { far } else { parent };
    }

    fn common(&self, a: usize, b: usize) -> usize {
        let depth = self.depth[a].min(self.depth[b]);
        let (mut a, mut b) = (self.climb(a, depth), self.climb(b, depth));
        while a != b {
            let far = self.jump[a] != self.jump[b];
            (a, b) = if far { (self.jump[a], self.jump[b]) } else { (self.parent[a], self.parent[b]) };
        }
        a
    }

    fn climb(&self, mut at: usize, depth: usize) -> usize {
        while self.depth[at] > depth {
            at = if self.depth[self.jump[at]] >= depth { self.jump[at] } else { self.parent[at] };
        }
        at
    }
}
