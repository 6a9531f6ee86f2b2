//! Where the credential for a registry comes from.

mod aws;
mod azure;
mod environment;
mod files;
mod google;
mod machine;
mod wiring;
