//! A batch and its wheels into the files of a layer.

use super::disjoint::Owners;
use super::unpack::{self, Owner, Unpacked};
use super::{Batch, InstallError};
use crate::inspect::Interpreter;
use crate::layers::{Blob, Content, Entry, EntryPath, FileSet};
use crate::packages::wheel::Wheel;

/// The files of a batch.
#[derive(Debug, Clone)]
pub struct InstalledBatch {
    /// What the layer holds.
    pub set: FileSet,
    /// How long its files are together, in bytes.
    pub bytes: u64,
    /// Whose each file is; a path can come twice.
    pub owners: Vec<(EntryPath, Owner)>,
}

/// Returns the files that installing `batch` leaves for `python`; `wheels` are the wheels of its packages, in their order.
///
/// # Errors
/// When a wheel is refused, or two of them own one path.
pub fn files(batch: &Batch, wheels: &[Blob], python: &Interpreter) -> Result<InstalledBatch, InstallError> {
    let sources = batch.sources();
    if wheels.len() != sources.len() {
        return Err(InstallError::Count { packages: sources.len(), wheels: wheels.len() });
    }
    let mut unpacked = Vec::new();
    for (package, blob) in sources.iter().zip(wheels) {
        let wheel = Wheel::open(blob, &package.wheel.name)?;
        unpacked.extend(unpack::unpack(&wheel, package, python)?);
    }
    if !batch.marked.is_empty() {
        return marks(batch, unpacked);
    }
    let first = first_owners(&unpacked)?;
    let mut installed = whiteouts(batch)?;
    for (file, is_first) in unpacked.into_iter().zip(first) {
        if is_first {
            installed.bytes += file.size;
            insert(&mut installed.set, file.path.clone(), file.entry, &file.owner.wheel)?;
        }
        installed.owners.push((file.path, file.owner));
    }
    Ok(installed)
}

/// What says that a package was asked for takes the place of what lies below: it has no owner of its own.
fn marks(batch: &Batch, unpacked: Vec<Unpacked>) -> Result<InstalledBatch, InstallError> {
    let mut installed = whiteouts(batch)?;
    for file in unpacked.into_iter().filter(|file| file.is_mark) {
        installed.bytes += file.size;
        insert(&mut installed.set, file.path, file.entry, &file.owner.wheel)?;
    }
    Ok(installed)
}

/// Tells of each file whether it is the first of its path.
fn first_owners(files: &[Unpacked]) -> Result<Vec<bool>, InstallError> {
    let mut owners = Owners::default();
    let first = files.iter().map(|file| owners.add(&file.path, &file.owner)).collect::<Result<_, _>>()?;
    owners.check_directories()?;
    Ok(first)
}

fn whiteouts(batch: &Batch) -> Result<InstalledBatch, InstallError> {
    let mut set = FileSet::new();
    for path in &batch.removed {
        let empty = Entry::File { content: Content::Bytes(Vec::new()), executable: false };
        insert(&mut set, path.clone(), empty, &batch.title)?;
    }
    Ok(InstalledBatch { set, bytes: 0, owners: Vec::new() })
}

fn insert(set: &mut FileSet, path: EntryPath, entry: Entry, wheel: &str) -> Result<(), InstallError> {
    let member = path.to_string();
    let misplaced = |error: crate::layers::FileSetError| InstallError::Place {
        wheel: wheel.to_owned(),
        member,
        reason: error.to_string(),
    };
    set.insert(path, entry).map_err(misplaced)
}
