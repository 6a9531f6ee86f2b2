//! A wheel that is asked for by its URL, as a file that may be chosen.

use super::{DistributionFile, IndexError, Location, Shared};
use crate::packages::direct::DirectWheel;

impl Shared {
    /// Returns the file: of a directory of find-links, where it lies there with the right bytes, or else its server's.
    pub(super) async fn direct(&self, wheel: &DirectWheel) -> Result<DistributionFile, IndexError> {
        for file in self.linked(&wheel.name.name).await? {
            if file.filename == wheel.name.as_str() && self.digest(&file).await?.0 == wheel.sha256 {
                return Ok(DistributionFile::of_wheel(&wheel.name, file.location, Some(wheel.sha256)));
            }
        }
        let location = Location::Url(wheel.url.clone());
        match self.forbids() {
            Some(flag) if !self.options.cache.may_have_wheel(wheel.sha256) => {
                Err(self.not_here(wheel.name.as_str(), &wheel.url, flag))
            }
            _ => Ok(DistributionFile::of_wheel(&wheel.name, location, Some(wheel.sha256))),
        }
    }
}
