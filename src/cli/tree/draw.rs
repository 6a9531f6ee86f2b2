//! The packages of an image as lines of text: trees, the layers that they lie in, and what leads to one of them.

use std::collections::BTreeMap;

use super::why;
use crate::cli::locking;
use crate::cli::progress::human_bytes;
use crate::packages::PackageName;
use crate::packages::install::Batch;
use crate::packages::lock::{Branch, Chains, Lock};
use crate::packages::requirements::Wanted;

/// Where sizes begin: with the two columns behind the name, a line has 80 columns.
const NAMES: usize = 57;

/// The packages of one platform.
pub(super) struct Drawing<'a> {
    /// What is installed, and what stays.
    pub(super) lock: &'a Lock,
    /// The layers that are made of it.
    pub(super) batches: &'a [Batch],
}

impl<'a> Drawing<'a> {
    /// Returns trees, layers and a sum.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let layers = self.layers();
        for root in self.lock.tree() {
            self.branch(&mut text, &layers, &root, "", "");
        }
        if text.contains(ELSEWHERE) {
            text.push_str("\n(*) what it needs itself stands at another place\n");
        }
        text + "\n" + &self.layer_lines() + &self.sum()
    }

    fn branch(
        &self,
        text: &mut String,
        layers: &BTreeMap<&PackageName, usize>,
        branch: &Branch,
        at: &str,
        below: &str,
    ) {
        let mark = if branch.elsewhere { ELSEWHERE } else { "" };
        let name = format!("{at}{}{mark}", self.label(&branch.name));
        let size = self.size(&branch.name).map(human_bytes).unwrap_or_default();
        let layer = layers.get(&branch.name).map_or_else(|| "base".to_owned(), |layer| format!("layer {layer}"));
        let stem = if branch.needs.is_empty() { below.to_owned() } else { format!("{below}│") };
        text.push_str(&columns(&stem, &name, &size, &layer));
        let last = branch.needs.len().saturating_sub(1);
        for (index, need) in branch.needs.iter().enumerate() {
            let (corner, line) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.branch(text, layers, need, &format!("{below}{corner}"), &format!("{below}{line}"));
        }
    }

    /// `requests[socks] 2.34.2`
    fn label(&self, name: &PackageName) -> String {
        let extras = self.lock.package(name).map(|package| package.extras.iter().map(ToString::to_string));
        let extras = extras.map(|extras| extras.collect::<Vec<_>>().join(",")).filter(|extras| !extras.is_empty());
        let extras = extras.map_or_else(String::new, |extras| format!("[{extras}]"));
        let version = self.lock.version(name).map(|version| format!(" {version}")).unwrap_or_default();
        format!("{name}{extras}{version}")
    }

    fn size(&self, name: &PackageName) -> Option<u64> {
        self.lock.package(name)?.wheel.size
    }

    /// Returns the number of the layer that each package lies in, from 1.
    pub(super) fn layers(&self) -> BTreeMap<&'a PackageName, usize> {
        let numbered = self.batches.iter().zip(1..);
        numbered.flat_map(|(batch, number)| batch.packages.iter().map(move |package| (&package.name, number))).collect()
    }

    fn layer_lines(&self) -> String {
        let line = |(batch, number): (&Batch, usize)| {
            let size: u64 = batch.packages.iter().filter_map(|package| package.wheel.size).sum();
            format!("layer {number:<3} {:>11}  {}\n", human_bytes(size), batch.title)
        };
        self.batches.iter().zip(1..).map(line).collect()
    }

    fn sum(&self) -> String {
        locking::in_words(self.lock) + "\n"
    }

    /// Returns the chains that lead from leoflow.yaml to a package; nothing when none does.
    pub(super) fn why(&self, name: &PackageName, wanted: &[Wanted]) -> Option<String> {
        let Chains { chains, complete } = self.lock.chains_to(name);
        let drawn = || why::drawn(&chains, complete, wanted, &|name| self.label(name));
        (!chains.is_empty()).then(|| format!("{}\n{}", self.label(name), drawn()))
    }
}

const ELSEWHERE: &str = " (*)";

/// Returns a line of three columns; a name that is too long for its column has a line of its own.
fn columns(below: &str, name: &str, size: &str, layer: &str) -> String {
    match name.chars().count() {
        ..=NAMES => format!("{name:NAMES$} {size:>11}  {layer}\n"),
        _ => format!("{name}\n{below:NAMES$} {size:>11}  {layer}\n"),
    }
}
