//! Requirements into layers: what each part does by itself, and together.

mod lock;
