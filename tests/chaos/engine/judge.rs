//! What must hold after a run, whatever happened in it.

use std::time::Duration;

use leoflow::deploy::DeployError;
use leoflow::layers::Digest;

use super::road::{Ran, Slot};
use super::schedule::{Fault, Schedule};
use super::secrets::{allowed, secrets};
use super::servers::Servers;
use super::settings::Limits;
use super::truth::{self, Records};

/// How much longer than its deadline a step may take on a machine that is busy.
const SLACK: Duration = Duration::from_secs(4);

/// Nothing in this many seconds is a hang.
const HANG: Duration = Duration::from_secs(200);

/// The outcome that is no error.
pub(crate) const SUCCEEDED: &str = "succeeded";

/// How a run ended, when all held that must.
pub(crate) struct Verdict {
    /// [`SUCCEEDED`], or what kind of error it was.
    pub(crate) outcome: String,
    /// How many faults came about.
    pub(crate) faults: usize,
}

/// Runs a schedule.
///
/// # Errors
/// When something does not hold that must.
pub(crate) async fn run(slot: &mut Slot, schedule: &Schedule, servers: &Servers) -> Result<Verdict, String> {
    let expected = slot.expected(schedule.shape).await;
    let ran = tokio::time::timeout(HANG, slot.run(schedule, servers, 1)).await.map_err(|_| "it hangs")?;
    let outcome = match &ran.result {
        Ok(deployed) => {
            succeeded(schedule, &ran, deployed.image.digest(), expected, servers).await?;
            SUCCEEDED.to_owned()
        }
        Err(error) => {
            if schedule.must_succeed() {
                return Err(format!("nothing that happens is beyond repair: {error}"));
            }
            failed(error, expected, servers)?;
            kind(error)
        }
    };
    in_time(&ran, Limits::of(schedule))?;
    keeps_secrets(&ran)?;
    leaves_nothing(slot)?;
    if ran.result.is_err() {
        converges(slot, schedule, servers, expected).await.map_err(|error| format!("after {outcome}: {error}"))?;
    }
    Ok(Verdict { outcome, faults: ran.fired.len() })
}

fn any(ran: &Ran, what: fn(&Fault) -> bool) -> bool {
    ran.fired.iter().any(what)
}

async fn succeeded(
    schedule: &Schedule,
    ran: &Ran,
    found: Digest,
    expected: Digest,
    servers: &Servers,
) -> Result<(), String> {
    let may_differ = !schedule.shape.by_digest && any(ran, Fault::alters_the_base);
    if found != expected && !may_differ {
        return Err(format!("it succeeded with {found}, expected {expected}"));
    }
    if any(ran, Fault::takes_the_word) {
        return Ok(());
    }
    whole(servers, found).await?;
    let records = Records::read(servers.directory.path());
    if records.images.len() != 1 || !records.images[0].ends_with(&format!("@{found}")) || records.runs != 1 {
        return Err(format!("it succeeded with {:?} registered and {} runs", records.images, records.runs));
    }
    Ok(())
}

async fn whole(servers: &Servers, digest: Digest) -> Result<(), String> {
    truth::image_is_whole(&servers.registry, &servers.repository, &digest.to_string()).await?;
    match truth::image_is_whole(&servers.registry, &servers.repository, "v1").await? {
        tagged if tagged == digest => Ok(()),
        tagged => Err(format!("the tag names {tagged}, not {digest}")),
    }
}

fn failed(error: &DeployError, expected: Digest, servers: &Servers) -> Result<(), String> {
    let records = Records::read(servers.directory.path());
    let (most, help) = match error.root() {
        DeployError::Base(error) | DeployError::Registry(error) => (0, error.help()),
        DeployError::Append { error, .. } => (0, error.help()),
        DeployError::PushedNotRegistered { error, .. } => (1, error.help()),
        DeployError::RegisteredNotTriggered { error, .. } => (1, error.help()),
        other => return Err(format!("the network cannot be at fault for this: {other}")),
    };
    let pinned = records.images.iter().all(|image| image.contains("@sha256:"));
    if records.images.len() > most || !pinned {
        return Err(format!("{error}\n  with {:?} registered ({expected} expected)", records.images));
    }
    match help {
        Some(help) if !help.is_empty() => Ok(()),
        _ if needs_no_help(&error.to_string()) => Ok(()),
        _ => Err(format!("no help for: {error}")),
    }
}

/// A status that no registry uses for this says nothing that one could act on.
fn needs_no_help(message: &str) -> bool {
    message.contains("HTTP ") || message.contains("at http")
}

/// Each operation has a deadline of its own.
fn in_time(ran: &Ran, limits: Limits) -> Result<(), String> {
    let at = |name: &str| ran.steps.iter().find(|(own, _)| *own == name).map(|(_, at)| *at);
    let end = |name: &str| at(name).unwrap_or(ran.took);
    let built = end("built");
    let pushed = if built == ran.took { built } else { end("pushed") };
    let registered = if pushed == ran.took { pushed } else { end("registered") };
    for (what, took, deadline) in [
        ("push", pushed - built, limits.registry),
        ("registration", registered - pushed, limits.control_plane),
        ("trigger", ran.took - registered, limits.control_plane),
    ] {
        if took > deadline + SLACK {
            return Err(format!("the {what} took {took:?}"));
        }
    }
    let pull_failed = matches!(ran.result.as_ref().map_err(DeployError::root), Err(DeployError::Base(_)));
    if pull_failed && ran.took > limits.registry + SLACK {
        return Err(format!("the pull took {:?}", ran.took));
    }
    Ok(())
}

/// No secret in what is said, and none at a server that it is not for.
fn keeps_secrets(ran: &Ran) -> Result<(), String> {
    let mut said: Vec<String> = ran.told.clone();
    if let Err(error) = &ran.result {
        said.push(format!("{error}\n{error:?}"));
    }
    for (_, form) in secrets() {
        if let Some(text) = said.iter().find(|text| text.contains(&form)) {
            return Err(format!("a secret is told: {text}"));
        }
    }
    for (server, heads) in ran.seen.iter().enumerate() {
        let foreign = |(secret, _): &(&str, String)| !allowed(server).contains(secret);
        for (secret, form) in secrets().into_iter().filter(foreign) {
            if let Some(head) = heads.iter().find(|head| head.contains(&form)) {
                return Err(format!("server {server} is shown {secret}: {head}"));
            }
        }
    }
    Ok(())
}

fn leaves_nothing(slot: &Slot) -> Result<(), String> {
    match truth::below(&slot.spool()) {
        files if files.is_empty() => Ok(()),
        files => Err(format!("it leaves {files:?}")),
    }
}

/// The same deploy again, with nothing in the way.
async fn converges(slot: &Slot, schedule: &Schedule, servers: &Servers, expected: Digest) -> Result<(), String> {
    let again = Schedule { faults: Vec::new(), ..schedule.clone() };
    let ran = slot.run(&again, servers, 20).await;
    let deployed = ran.result.map_err(|error| format!("the next one fails: {error}"))?;
    if deployed.image.digest() != expected {
        return Err(format!("the next one makes {}, expected {expected}", deployed.image.digest()));
    }
    whole(servers, expected).await?;
    match Records::read(servers.directory.path()) {
        records if records.images.len() == 1 && records.runs <= 2 => Ok(()),
        records => Err(format!("{:?} registered and {} runs after the next one", records.images, records.runs)),
    }
}

/// Returns `where: which error`, as figures count it.
pub(crate) fn kind(error: &DeployError) -> String {
    fn variant(error: &dyn std::fmt::Debug) -> String {
        format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
    }
    match error.root() {
        DeployError::Base(error) => format!("pull: {}", variant(error)),
        DeployError::Registry(error) => format!("push: {}", variant(error)),
        DeployError::Append { error, .. } => format!("append: {}", variant(error)),
        DeployError::PushedNotRegistered { error, .. } => format!("register: {}", variant(error)),
        DeployError::RegisteredNotTriggered { error, .. } => format!("trigger: {}", variant(error)),
        other => variant(other),
    }
}
