//! What a walk found: the plan of the layer, told by paths of the project.

use std::path::Path;
use std::sync::Arc;

use leoflow_layers::{Content, Entry, EntryPath, FileSet, Tree};

use super::{FilesError, Packed};

/// Where a project stands inside its image.
const IMAGE_HOME: &str = "home/leoflow";

/// The plan so far; directories are implied, so an empty one is left out.
#[derive(Debug)]
pub(super) struct Found {
    tree: Arc<Tree>,
    packed: Packed,
}

impl Found {
    /// Returns the plan of a project without a file.
    pub(super) fn new(root: &Path) -> Result<Self, FilesError> {
        let at = EntryPath::new(IMAGE_HOME)?;
        let mut set = FileSet::new();
        set.insert(at.clone(), Entry::Directory)?;
        let tree = Arc::new(Tree { directory: root.to_owned(), at });
        Ok(Self { tree, packed: Packed { set, files: 0, bytes: 0 } })
    }

    /// Adds a file that is `bytes` long now.
    pub(super) fn add_file(&mut self, path: &str, executable: bool, bytes: u64) -> Result<(), FilesError> {
        if self.get(path).is_none() {
            self.packed.files += 1;
            self.packed.bytes += bytes;
        }
        self.add(path, Entry::File { content: Content::Below(Arc::clone(&self.tree)), executable })
    }

    /// Adds a link, as a link.
    pub(super) fn add_link(&mut self, path: &str, target: String) -> Result<(), FilesError> {
        self.add(path, Entry::Symlink { target })
    }

    fn add(&mut self, path: &str, entry: Entry) -> Result<(), FilesError> {
        Ok(self.packed.set.insert(image_path(path)?, entry)?)
    }

    /// Returns what stands at a path relative to the project's root.
    pub(super) fn get(&self, path: &str) -> Option<&Entry> {
        self.packed.set.get(&image_path(path).ok()?)
    }

    /// Goes through files and links, by their paths relative to the project's root.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        let all = self.packed.set.iter().filter(|(_, entry)| **entry != Entry::Directory);
        all.filter_map(|(path, entry)| Some((path.as_str().strip_prefix(IMAGE_HOME)?.strip_prefix('/')?, entry)))
    }

    /// Returns the plan, by paths of the image.
    pub(super) fn into_packed(self) -> Packed {
        self.packed
    }
}

/// Returns where a path of the project stands in the image.
pub(super) fn image_path(path: &str) -> Result<EntryPath, leoflow_layers::EntryPathError> {
    EntryPath::new([IMAGE_HOME, "/", path].concat())
}
