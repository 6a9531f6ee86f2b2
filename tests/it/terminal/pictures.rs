//! The pictures and the recording in `docs/captures`.
