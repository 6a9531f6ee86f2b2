//! What of an image's files matters, as the layers leave it: symbolic links, and files that are looked into.
//!
//! Names are absolute and lead through no link: whoever reads a file by another name resolves that first.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keep::Kept;

/// How many symbolic links are followed for one name, as Linux does (path_resolution(7)).
const LINKS: usize = 40;

/// The longest name, in bytes (`PATH_MAX`).
const LONGEST: usize = 4096;

/// The files.
#[derive(Default)]
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
    /// Which layer is applied.
    layer: usize,
    /// The directory that the last name was in, as written and resolved: most names are in the same as the one before.
    last: Option<(String, String)>,
}

struct Node {
    layer: usize,
    is: Is,
}

#[derive(Clone)]
enum Is {
    Link(String),
    File(Arc<Kept>),
}

impl Tree {
    /// Begins another layer.
    pub(super) fn begin_layer(&mut self) {
        self.layer += 1;
        self.last = None;
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns where a name leads when its last part is not followed; nothing for the root, and in a circle of links.
    pub(super) fn place(&mut self, name: &str) -> Option<String> {
        if name.len() > LONGEST {
            return None;
        }
        let name = name.trim_end_matches('/');
        let (directory, last) = name.rsplit_once('/').unwrap_or(("", name));
        if matches!(last, "" | "." | "..") {
            return self.resolve(name).filter(|place| !place.is_empty());
        }
        let resolved = match &self.last {
            Some((written, resolved)) if written == directory => resolved.clone(),
            _ => {
                let resolved = self.resolve(directory)?;
                self.last = Some((directory.to_owned(), resolved.clone()));
                resolved
            }
        };
        Some(format!("{resolved}/{last}"))
    }

    /// Returns where a name leads, the root being nothing; what does not exist leads where it would be.
    pub(super) fn resolve(&self, name: &str) -> Option<String> {
        let mut pending: Vec<String> = parts_of(name).collect();
        let mut resolved = String::new();
        let mut links = 0;
        while let Some(part) = pending.pop() {
            match part.as_str() {
                "" | "." => {}
                ".." => resolved.truncate(resolved.rfind('/').unwrap_or(0)),
                part => {
                    let length = resolved.len();
                    resolved = format!("{resolved}/{part}");
                    if let Some(Node { is: Is::Link(target), .. }) = self.nodes.get(&resolved) {
                        links += 1;
                        resolved.truncate(if target.starts_with('/') { 0 } else { length });
                        pending.extend(parts_of(target));
                    }
                }
            }
            if links > LINKS || resolved.len() > LONGEST {
                return None;
            }
        }
        Some(resolved)
    }

    /// Puts a directory at `place`: what is below one that is there stays.
    pub(super) fn put_directory(&mut self, place: &str) {
        if self.nodes.remove(place).is_some() {
            self.last = None;
        }
    }

    /// Puts a file at `place`, which may be of no interest: then it only takes the place.
    pub(super) fn put_file(&mut self, place: String, kept: Option<Kept>) {
        self.remove(&place);
        if let Some(kept) = kept {
            self.nodes.insert(place, Node { layer: self.layer, is: Is::File(Arc::new(kept)) });
        }
    }

    pub(super) fn put_symlink(&mut self, place: String, target: &str) {
        self.remove(&place);
        if target.len() <= LONGEST {
            self.nodes.insert(place, Node { layer: self.layer, is: Is::Link(target.to_owned()) });
            self.last = None;
        }
    }

    /// Gives what is at `target` another name; `otherwise` stands for what was of no interest there.
    pub(super) fn put_hard_link(&mut self, place: String, target: &str, otherwise: Option<Kept>) {
        let is = self.place(target).and_then(|target| Some(self.nodes.get(&target)?.is.clone()));
        if self.place(target).is_some_and(|target| target == place) {
            return;
        }
        self.remove(&place);
        if let Some(is) = is.or(otherwise.map(|kept| Is::File(Arc::new(kept)))) {
            self.last = None;
            self.nodes.insert(place, Node { layer: self.layer, is });
        }
    }

    /// Removes what lower layers have at `place` (OCI image-spec, layer.md, "Whiteouts").
    pub(super) fn white_out(&mut self, place: &str) {
        let layer = self.layer;
        if self.nodes.get(place).is_some_and(|node| node.layer < layer) {
            self.nodes.remove(place);
        }
        self.empty(place);
    }

    /// Removes what lower layers have below `place` (OCI image-spec, layer.md, "Opaque Whiteout").
    pub(super) fn empty(&mut self, place: &str) {
        let layer = self.layer;
        self.remove_below(place, |node| node.layer < layer);
        self.last = None;
    }

    fn remove(&mut self, place: &str) {
        if matches!(self.nodes.remove(place), Some(Node { is: Is::Link(_), .. })) {
            self.last = None;
        }
        self.remove_below(place, |_| true);
    }

    fn remove_below(&mut self, place: &str, goes: impl Fn(&Node) -> bool) {
        let below = self.below(place).filter(|(_, node)| goes(node));
        let below: Vec<String> = below.map(|(name, _)| name.clone()).collect();
        for name in &below {
            self.nodes.remove(name);
            self.last = None;
        }
    }

    fn below(&self, place: &str) -> impl Iterator<Item = (&String, &Node)> {
        // `0` is what comes after `/`.
        self.nodes.range(format!("{place}/")..format!("{place}0"))
    }

    /// Returns the file that a name leads to, and its own name.
    pub(super) fn file(&self, name: &str) -> Option<(String, &Kept)> {
        let place = self.resolve(name)?;
        match &self.nodes.get(&place)?.is {
            Is::File(kept) => Some((place, kept)),
            Is::Link(_) => None,
        }
    }

    /// Returns the names below a directory, relative to it, sorted.
    pub(super) fn names_below(&self, directory: &str) -> impl Iterator<Item = &str> {
        let length = directory.len() + 1;
        self.below(directory).map(move |(name, _)| &name[length..])
    }

    /// Returns all files, by their own names.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Kept)> {
        self.nodes.iter().filter_map(|(name, node)| match &node.is {
            Is::File(kept) => Some((name.as_str(), &**kept)),
            Is::Link(_) => None,
        })
    }
}

/// Returns the parts of a name, the last one first.
fn parts_of(name: &str) -> impl Iterator<Item = String> {
    name.split('/').rev().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(links: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (name, target) in links {
            tree.put_symlink((*name).to_owned(), target);
        }
        tree
    }

    #[test]
    fn a_name_leads_where_the_links_of_the_image_lead() {
        let tree = tree(&[
            ("/lib64", "usr/lib64"),
            ("/usr/lib64", "/usr/lib"),
            ("/a", "b"),
            ("/b", "a"),
            ("/up", "../../../etc"),
            ("/opt/venv", "../srv/venv"),
        ]);
        let check = |name: &str, expected: Option<&str>| assert_eq!(tree.resolve(name).as_deref(), expected, "{name}");
        check("/lib64/libc.so.6", Some("/usr/lib/libc.so.6"));
        check("lib64/../x", Some("/usr/x"));
        check("/up/passwd", Some("/etc/passwd"));
        check("/opt/venv/bin/python", Some("/srv/venv/bin/python"));
        check("/./nothing//here", Some("/nothing/here"));
        check("/", Some(""));
        check("/a/x", None);
    }

    #[test]
    fn a_link_is_not_followed_where_it_is_meant_itself() {
        let mut tree = tree(&[("/bin", "usr/bin"), ("/usr/bin/python3", "python3.11")]);
        assert_eq!(tree.place("bin/python3").as_deref(), Some("/usr/bin/python3"));
        assert_eq!(tree.place("bin/").as_deref(), Some("/bin"));
        assert_eq!(tree.place("./"), None);
    }

    #[test]
    fn a_directory_that_takes_a_links_place_is_no_link() {
        let mut tree = tree(&[("/bin", "usr/bin")]);
        assert_eq!(tree.place("bin/x").as_deref(), Some("/usr/bin/x"));
        tree.put_directory("/bin");
        assert_eq!(tree.place("bin/x").as_deref(), Some("/bin/x"));
    }

    #[test]
    fn a_whiteout_takes_only_what_is_below_its_layer() {
        let mut tree = Tree::default();
        for name in ["/d/one", "/d/two", "/d2"] {
            tree.put_file(name.to_owned(), Some(Kept::default()));
        }
        tree.begin_layer();
        tree.put_file("/d/three".to_owned(), Some(Kept::default()));
        tree.empty("/d");
        assert_eq!(tree.files().map(|(name, _)| name).collect::<Vec<_>>(), ["/d/three", "/d2"]);
        tree.white_out("/d2");
        tree.white_out("/d/three");
        assert_eq!(tree.files().map(|(name, _)| name).collect::<Vec<_>>(), ["/d/three"]);
        tree.put_file("/d".to_owned(), None);
        assert_eq!(tree.len(), 0);
    }
}
