//! Requirements into one exact set of wheels a platform.
