//! How bytes travel: late, slowly, in pieces, and not to their end.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use super::connection::Connection;
use super::schedule::{End, Kind};

/// Writes an answer at the pace, in the pieces and up to the end that were ordered.
pub(crate) async fn send(stream: &mut Connection, bytes: Vec<u8>, kinds: &[Kind]) -> Option<()> {
    let mut cut = None;
    let (mut piece, mut pause) = (bytes.len().max(1), Duration::ZERO);
    for kind in kinds {
        match kind {
            Kind::Answer(end, after) => cut = Some((*end, (*after).min(bytes.len()))),
            Kind::Slices { bytes: size } => piece = (*size).max(bytes.len() / 200),
            Kind::Bandwidth { bytes_per_second } => {
                piece = (bytes_per_second / 100).max(1) as usize;
                pause = Duration::from_millis(10);
            }
            _ => {}
        }
    }
    let length = cut.map_or(bytes.len(), |(_, after)| after);
    for chunk in bytes[..length].chunks(piece) {
        stream.write_all(chunk).await.ok()?;
        stream.flush().await.ok()?;
        if pause.is_zero() { tokio::task::yield_now().await } else { sleep(pause).await }
    }
    match cut {
        Some((end, _)) => finish(stream, end).await,
        None => Some(()),
    }
}

pub(crate) async fn finish(stream: &mut Connection, end: End) -> Option<()> {
    match end {
        End::Close => None,
        // With nothing to linger for, the system sends a reset.
        End::Reset => stream.get_ref().bare().set_zero_linger().map_or(None, |()| None),
        End::Silence => {
            let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
            None
        }
    }
}
