//! What goes wrong in one run, as data: it is printed when a run fails, and a seed always makes the same.

use std::fmt;

/// What one seed stands for.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    pub(crate) faults: Vec<Fault>,
}

/// What is deployed, before anything goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    /// The base is named by its digest, not by a tag.
    pub(crate) by_digest: bool,
    /// Base and target are repositories of one registry, so that layers are mounted.
    pub(crate) one_registry: bool,
    /// An index is deployed, not a manifest.
    pub(crate) two_platforms: bool,
    /// The target speaks TLS.
    pub(crate) tls: bool,
    /// Blobs are uploaded in pieces.
    pub(crate) chunked: bool,
}

/// Something that goes wrong: `kind`, for `count` requests of `class` to `host`, from the `nth` (of 1, 2…) on.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) host: Host,
    pub(crate) class: Class,
    pub(crate) nth: u32,
    pub(crate) count: u32,
    pub(crate) kind: Kind,
}

/// The server that a fault sits before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Base,
    Target,
    ControlPlane,
}

/// Requests of one sort, told apart by method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Any,
    /// `/token`, on the registry's own origin.
    Token,
    /// HEAD of a manifest.
    Tag,
    /// GET of a manifest.
    Manifest,
    /// HEAD of a blob.
    Question,
    /// GET of a blob.
    Blob,
    /// POST with `mount`.
    Mount,
    /// POST that begins an upload.
    Begin,
    /// PATCH of an upload.
    Chunk,
    /// PUT that ends an upload.
    Commit,
    /// PUT of a manifest.
    Publish,
    /// POST of a spec to the control plane.
    Register,
    /// POST of a run to the control plane.
    Trigger,
    /// Anything else: the status of an upload, its cancelling, a health check.
    Other,
}

/// What goes wrong. Bytes are counted from the beginning of the body for requests, of the head for answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// The request waits before it is read, up to `jitter` longer.
    Latency { millis: u64, jitter: u64 },
    /// The answer comes at this rate.
    Bandwidth { bytes_per_second: u64 },
    /// The answer comes in writes of so few bytes.
    Slices { bytes: usize },
    /// The connection ends, or falls silent, in the middle of the request.
    Request(End, usize),
    /// The same in the middle of the answer; the server has done its work.
    Answer(End, usize),
    /// This comes instead of HTTP.
    Raw(&'static [u8]),
    /// The server turns out to want TLS, and then breaks it.
    Tls(TlsBreak),
    /// This is sent before the answer.
    Prelude(&'static str),
    /// This is answered, and the server is not asked. `early` answers before the body was read, and closes.
    Instead { reply: Reply, early: bool },
    /// This is answered although the server was asked and did what it was asked.
    Afterwards(Reply),
    /// Success is claimed for something that did not happen.
    Claim,
    /// All tokens become invalid.
    Forget,
    /// A header is taken out of the answer.
    Without(&'static str),
    /// A header says something else.
    Header(&'static str, String),
    /// A header is there twice.
    Twice(&'static str, String),
    /// A line among the headers that is none.
    Line(&'static str),
    /// The body is another one; its length is told as it is.
    Body(BodyLie),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Close,
    Reset,
    Silence,
}

/// How a TLS handshake fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsBreak {
    Close,
    Garbage,
    Alert,
    HalfAHello,
    Silence,
}

/// An answer made up by the proxy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Page,
}

/// What a made-up answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Empty,
    Html,
    /// The distribution-spec's error body, with this code.
    Error(&'static str),
    /// Whatever the client sent as its authorization, thrown back.
    Echo,
}

/// What is done to a body; places are in thousandths of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyLie {
    Flip(usize),
    Shorter(usize),
    Longer(usize),
    Other(&'static str),
    /// More than anybody reads.
    Huge,
    /// What was answered to the request before.
    Stale,
}

/// A host that has nothing to do with the deploy, where a lie points to it.
pub(crate) const STRANGER: &str = "{stranger}";

/// A fault that does not pass.
pub(crate) const FOREVER: u32 = u32::MAX;

/// Half of the attempts that the program makes at anything.
const FEW: u64 = 3;

impl Schedule {
    /// Returns whether all of it passes, and before anybody loses patience: a deploy has no excuse then.
    pub(crate) fn must_succeed(&self) -> bool {
        let times = |is_counted: fn(&Fault) -> bool| -> u64 {
            self.faults.iter().filter(|fault| is_counted(fault)).map(|fault| u64::from(fault.count)).sum()
        };
        // A request is made again with another token once, and not twice.
        times(|_| true) <= FEW
            && times(|fault| fault.kind == Kind::Forget) <= 1
            && self.faults.iter().all(Fault::passes)
    }

    /// Returns whether everything that a deploy cannot check by itself is true.
    pub(crate) fn is_faithful(&self) -> bool {
        !self.faults.iter().any(|fault| fault.takes_the_word() || fault.alters_the_base())
    }
}

impl Fault {
    /// Returns whether this is what networks and busy servers do, and does not stay.
    fn passes(&self) -> bool {
        match &self.kind {
            Kind::Latency { .. } | Kind::Bandwidth { .. } | Kind::Slices { .. } | Kind::Forget => true,
            Kind::Request(end, _) | Kind::Answer(end, _) => *end != End::Silence,
            Kind::Prelude(text) => text.starts_with("HTTP/1.1 10") && !text.contains("101"),
            Kind::Instead { reply, .. } | Kind::Afterwards(reply) => self.is_busy(reply),
            _ => false,
        }
    }

    /// The control plane's 500 is no promise that nothing was done.
    fn is_busy(&self, reply: &Reply) -> bool {
        let soon = |(name, value): &(&str, String)| *name != "Retry-After" || value == "0" || value.contains("1994");
        let status = matches!(reply.status, 408 | 429 | 502 | 503 | 504)
            || (reply.status == 500 && self.host != Host::ControlPlane);
        status && reply.headers.iter().all(soon)
    }

    /// Returns whether this takes the word from the only one who could know: nobody could tell without asking again.
    pub(crate) fn takes_the_word(&self) -> bool {
        let is_final =
            matches!(self.class, Class::Any | Class::Tag | Class::Publish | Class::Register | Class::Trigger);
        let says_yes = match &self.kind {
            Kind::Claim => true,
            Kind::Instead { reply, .. } | Kind::Afterwards(reply) => (200..300).contains(&reply.status),
            _ => false,
        };
        is_final && says_yes
    }

    /// Returns whether this may change what a tag names, when nothing else says what it should be.
    pub(crate) fn alters_the_base(&self) -> bool {
        let hits = matches!(self.class, Class::Any | Class::Tag | Class::Manifest);
        let alters = matches!(self.kind, Kind::Body(_) | Kind::Instead { .. } | Kind::Afterwards(_));
        hits && alters && self.host != Host::ControlPlane
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {:?}", self.seed, self.shape)?;
        for fault in &self.faults {
            let count = if fault.count == FOREVER { "forever".to_owned() } else { format!("x{}", fault.count) };
            writeln!(f, "  {:?} {:?} #{} {count}: {:?}", fault.host, fault.class, fault.nth, fault.kind)?;
        }
        Ok(())
    }
}
