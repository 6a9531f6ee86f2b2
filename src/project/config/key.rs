//! What a key of leoflow.yaml is: its name, what it takes, and what a reader is told of it.

/// One key of a closed mapping.
#[derive(Debug)]
pub(in crate::project) struct Key {
    /// As written in the file.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is for, in one sentence without its end.
    pub about: &'static str,
    /// What holds where it is missing, as JSON.
    pub default: Option<&'static str>,
    /// What someone might write, as JSON.
    pub example: Option<&'static str>,
    /// Whether it must be there.
    pub required: bool,
}

/// What a value may be.
#[derive(Debug)]
pub(in crate::project) enum Kind {
    /// Any text.
    Text,
    /// A text of some form.
    Matching(Form),
    /// `true` or `false`.
    Bool,
    /// A whole number of at least so much.
    Whole(u64),
    /// One of a few words.
    OneOf(fn() -> Vec<&'static str>),
    /// One of a few versions, which YAML takes for numbers when no quotes are around them; some near their end.
    Version(fn() -> Vec<&'static str>, &'static [Deprecated]),
    /// A Kubernetes quantity.
    Quantity,
    /// A list.
    List(&'static Kind),
    /// A list with something in it.
    Some(&'static Kind),
    /// A mapping whose keys are the user's.
    Map {
        /// What a key stands for, in `tasks.<task_id>`.
        of: &'static str,
        /// What it looks like.
        names: Form,
        /// What it leads to.
        values: &'static Kind,
    },
    /// A closed mapping.
    Section(&'static [Key]),
    /// A mapping that is Kubernetes' business.
    Object,
}

/// A value that works and is not to be used any more, and why.
pub(in crate::project) type Deprecated = (&'static str, &'static str);

/// What a text looks like, as a schema can say it: `rules` are exact.
#[derive(Debug, Clone, Copy)]
pub(in crate::project) struct Form {
    /// In words.
    pub words: &'static str,
    /// A regular expression that it matches, in the subset that ECMAScript, Python and Rust share.
    pub pattern: &'static str,
    /// One that it does not match.
    pub never: Option<&'static str>,
}

impl Key {
    pub(super) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, about, default: None, example: None, required: false }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    pub(super) const fn like(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}

impl Form {
    pub(super) const fn new(words: &'static str, pattern: &'static str) -> Self {
        Self { words, pattern, never: None }
    }

    pub(super) const fn never(self, pattern: &'static str) -> Self {
        Self { never: Some(pattern), ..self }
    }
}
