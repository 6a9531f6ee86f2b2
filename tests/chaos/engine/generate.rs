//! A seed in, a schedule out.

use fastrand::Rng;

use super::schedule::{BodyLie, Class, End, FOREVER, Fault, Host, Kind, Page, Reply, Schedule, Shape, TlsBreak};
use super::vocabulary::{
    BODIES, CHALLENGES, CODES, DIGESTS, LENGTHS, LINES, LOCATIONS, PRELUDES, RANGES, RAW, RETRY_AFTERS, STATUSES, TYPES,
};

const MOST_FAULTS: usize = 5;

/// Returns what `seed` stands for.
pub(crate) fn schedule(seed: u64) -> Schedule {
    let mut random = Rng::with_seed(seed);
    let shape = Shape {
        by_digest: random.bool(),
        one_registry: random.u32(..4) == 0,
        two_platforms: random.u32(..4) == 0,
        tls: random.u32(..4) == 0,
        chunked: random.u32(..4) == 0,
    };
    let faults = (0..random.usize(1..=MOST_FAULTS)).map(|_| fault(&mut random, shape)).collect();
    Schedule { seed, shape, faults }
}

fn fault(random: &mut Rng, shape: Shape) -> Fault {
    let host = match random.u32(..100) {
        0..30 if !shape.one_registry => Host::Base,
        0..85 => Host::Target,
        _ => Host::ControlPlane,
    };
    let class = class(random, host, shape);
    let nth = [1, 1, 1, 2, 2, 3, 4, 6][random.usize(..8)];
    let count = [1, 1, 1, 1, 1, 2, 2, 3, 5, FOREVER][random.usize(..10)];
    Fault { host, class, nth, count, kind: kind(random, class) }
}

fn class(random: &mut Rng, host: Host, shape: Shape) -> Class {
    let classes: &[Class] = match host {
        Host::Base => &[Class::Any, Class::Tag, Class::Manifest, Class::Manifest, Class::Blob, Class::Blob],
        Host::Target if shape.chunked => {
            &[Class::Begin, Class::Chunk, Class::Chunk, Class::Chunk, Class::Commit, Class::Other]
        }
        Host::Target => &[
            Class::Any,
            Class::Token,
            Class::Tag,
            Class::Question,
            Class::Question,
            Class::Mount,
            Class::Begin,
            Class::Begin,
            Class::Commit,
            Class::Commit,
            Class::Commit,
            Class::Publish,
            Class::Publish,
            Class::Blob,
            Class::Manifest,
        ],
        Host::ControlPlane => &[Class::Register, Class::Register, Class::Trigger],
    };
    choose(random, classes)
}

fn kind(random: &mut Rng, class: Class) -> Kind {
    match random.u32(..100) {
        0..5 => Kind::Latency { millis: random.u64(1..60), jitter: random.u64(..40) },
        5..8 => Kind::Bandwidth { bytes_per_second: random.u64(20_000..2_000_000) },
        8..12 => Kind::Slices { bytes: random.usize(1..40) },
        12..20 => Kind::Request(end(random), place(random)),
        20..32 => Kind::Answer(end(random), place(random)),
        32..35 => Kind::Raw(choose(random, RAW)),
        35..37 => Kind::Tls(choose(
            random,
            &[TlsBreak::Close, TlsBreak::Garbage, TlsBreak::Alert, TlsBreak::HalfAHello, TlsBreak::Silence],
        )),
        37..39 => Kind::Prelude(choose(random, PRELUDES)),
        39..57 => Kind::Instead { reply: reply(random), early: random.u32(..4) == 0 },
        57..62 => Kind::Afterwards(reply(random)),
        62..68 => Kind::Claim,
        68..71 => Kind::Forget,
        71..75 => Kind::Without(choose(random, &headers_of(class))),
        75..84 => header(random, class, false),
        84..87 => header(random, class, true),
        87..89 => Kind::Line(choose(random, LINES)),
        _ => Kind::Body(body(random)),
    }
}

fn choose<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

fn end(random: &mut Rng) -> End {
    choose(random, &[End::Close, End::Close, End::Reset, End::Reset, End::Silence])
}

/// Bytes: often in the head, sometimes far in the body.
fn place(random: &mut Rng) -> usize {
    match random.u32(..4) {
        0 => 0,
        1 => random.usize(1..30),
        2 => random.usize(30..600),
        _ => random.usize(600..120_000),
    }
}

fn reply(random: &mut Rng) -> Reply {
    let status = choose(random, STATUSES);
    let mut headers = Vec::new();
    if status == 401 && random.u32(..3) > 0 {
        headers.push(("WWW-Authenticate", choose(random, CHALLENGES).to_owned()));
    }
    if matches!(status, 429 | 503) && random.bool() {
        headers.push(("Retry-After", choose(random, RETRY_AFTERS).to_owned()));
    }
    if (300..400).contains(&status) || random.u32(..10) == 0 {
        headers.push(("Location", choose(random, LOCATIONS).to_owned()));
    }
    let body = match random.u32(..10) {
        0..2 => Page::Empty,
        2..4 => Page::Html,
        4 => Page::Echo,
        _ => Page::Error(choose(random, CODES)),
    };
    Reply { status, headers, body }
}

/// Returns the headers that matter to requests of a class.
fn headers_of(class: Class) -> Vec<&'static str> {
    let special: &[&'static str] = match class {
        Class::Begin | Class::Mount => &["Location", "Location", "Range", "OCI-Chunk-Min-Length"],
        Class::Commit | Class::Publish => &["Location", "Docker-Content-Digest", "Docker-Content-Digest"],
        Class::Chunk | Class::Other => &["Location", "Range"],
        Class::Tag | Class::Manifest => &["Docker-Content-Digest", "Docker-Content-Digest", "Content-Type"],
        _ => &["Docker-Content-Digest"],
    };
    special.iter().copied().chain(["Content-Length", "Content-Type"]).collect()
}

fn header(random: &mut Rng, class: Class, twice: bool) -> Kind {
    let mut names = headers_of(class);
    names.extend(["Transfer-Encoding", "Content-Encoding", "Connection", "WWW-Authenticate"]);
    let name = choose(random, &names);
    let values: &[&str] = match name {
        "Location" => LOCATIONS,
        "Range" => RANGES,
        "OCI-Chunk-Min-Length" => LENGTHS,
        "Docker-Content-Digest" => DIGESTS,
        "Content-Length" => LENGTHS,
        "Content-Type" => TYPES,
        "WWW-Authenticate" => CHALLENGES,
        "Transfer-Encoding" => &["chunked", "gzip", "identity", "garbage"],
        "Content-Encoding" => &["gzip", "br", "identity"],
        _ => &["close", "keep-alive", "upgrade", "garbage"],
    };
    let value = choose(random, values).to_owned();
    if twice { Kind::Twice(name, value) } else { Kind::Header(name, value) }
}

fn body(random: &mut Rng) -> BodyLie {
    match random.u32(..12) {
        0..3 => BodyLie::Flip(random.usize(..1000)),
        3..5 => BodyLie::Shorter(random.usize(..1000)),
        5..7 => BodyLie::Longer(random.usize(1..5000)),
        7..10 => BodyLie::Other(choose(random, BODIES)),
        10 => BodyLie::Huge,
        _ => BodyLie::Stale,
    }
}
