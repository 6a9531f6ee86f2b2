//! In which form a blob is uploaded: in one request, as every registry takes it, or in chunks where that is too large.

use super::error::RegistryError;
use super::load::Load;
use super::refusal::Refusal;
use super::session::Session;
use super::upload::Part;

/// The size of chunks that are tried first, in bytes.
const FIRST_CHUNK: u64 = 16 << 20;

/// The size below which no chunk is made smaller, in bytes. nginx takes 1 MiB unless it is told otherwise.
pub(super) const LEAST_CHUNK: u64 = 256 << 10;

/// How an attempt at an upload failed.
pub(super) enum Failure {
    /// On the way.
    Transfer(RegistryError),
    /// For its form.
    Form(Refused),
}

/// Why a form was refused.
pub(super) enum Refused {
    /// The whole blob is too large for one request.
    Whole(Box<Refusal>),
    /// The registry takes no chunks, or does not put them together.
    Chunks(RegistryError),
    /// So many bytes are still too many.
    Chunk(u64, Box<Refusal>),
}

/// The form of one blob's upload.
pub(super) struct Form {
    /// `None` for one request.
    chunk: Option<u64>,
    /// The smallest request body that was too large.
    too_large: Option<u64>,
    /// What the registry said to chunks.
    chunks_refused: Option<String>,
}

impl Session {
    /// Returns the form to begin with: what is asked for, or what the registry has taught.
    pub(super) fn form(&self, part: &Part) -> Form {
        let too_large = self.load.smallest_refused_body().filter(|refused| *refused <= part.size);
        let wanted = self.shared.options.chunk_size.map(u64::from).filter(|chunk| *chunk < part.size);
        let chunk = match too_large {
            Some(refused) => Some(wanted.unwrap_or(FIRST_CHUNK).min(below(refused))),
            None => wanted,
        };
        Form { chunk, too_large, chunks_refused: None }
    }
}

impl Form {
    /// Returns the size of the chunks, `None` for one request.
    pub(super) fn chunk(&self) -> Option<u64> {
        self.chunk
    }

    /// Chooses another form, unless each was refused.
    pub(super) fn other(&mut self, refused: Refused, part: &Part, load: &Load) -> Result<(), RegistryError> {
        match refused {
            Refused::Whole(refusal) => {
                load.refused_body(part.size);
                self.too_large = Some(part.size);
                match self.chunks_refused.take() {
                    Some(reason) => Err(body_limit(&refusal, part.size, reason)),
                    None if part.size <= LEAST_CHUNK => Err(RegistryError::Refused(refusal)),
                    None => {
                        self.chunk = Some(FIRST_CHUNK.min(below(part.size)));
                        Ok(())
                    }
                }
            }
            Refused::Chunk(bytes, refusal) => {
                Err(body_limit(&refusal, bytes, "chunks are not made smaller".to_owned()))
            }
            Refused::Chunks(error) => self.without_chunks(error),
        }
    }
    /// One request may do, unless it was what was refused first.
    fn without_chunks(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        let reason = format!("it does not take chunks of it: {}", reason_of(&error));
        match (self.too_large, &error) {
            (Some(bytes), RegistryError::Refused(refusal)) => Err(body_limit(refusal, bytes, reason)),
            (Some(_), _) => Err(error),
            (None, _) => {
                (self.chunk, self.chunks_refused) = (None, Some(reason));
                Ok(())
            }
        }
    }
}

/// Returns the largest power of two below what was too large.
pub(super) fn below(too_large: u64) -> u64 {
    too_large.div_ceil(2).next_power_of_two()
}

fn reason_of(error: &RegistryError) -> String {
    match error {
        RegistryError::Refused(refusal) => {
            let words = refusal.messages.iter().map(|message| format!(", {message}"));
            format!("HTTP {}{}", refusal.status, words.collect::<String>())
        }
        other => other.to_string(),
    }
}

fn body_limit(refusal: &Refusal, refused: u64, reason: String) -> RegistryError {
    let (attempted, url) = (refusal.attempted.clone(), refusal.url.clone());
    let registry = refusal.repository.registry().to_owned();
    RegistryError::BodyLimit { attempted, url, registry, refused, reason }
}
