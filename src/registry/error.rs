//! What can go wrong with a registry.

/// Why a registry did not do what was asked of it. Every variant says what was attempted, on which URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {}

impl RegistryError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        todo!("the registry room")
    }
}
