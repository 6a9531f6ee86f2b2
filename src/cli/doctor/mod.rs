//! `leoflow doctor`: all that a deploy needs, checked as a deploy would use it. Nothing is changed, and no secret shown.

mod check;
mod disk;
mod ground;
mod images;
mod machine;
mod network;
mod packages;
mod project;
mod server;
mod show;

use anstream::{AutoStream, ColorChoice};
use futures_util::future::{LocalBoxFuture, join_all};

use self::check::{Check, Status};
use self::ground::Ground;
use super::args::{DoctorArgs, OutputFormat};
use super::exit::Exit;
use super::report::Failure;
use super::session::{Session, write_stdout};

pub(super) async fn run(session: &Session, args: &DoctorArgs) -> Result<Exit, Failure> {
    session.standing.at("before all was checked", "run the same command again");
    let ground = Ground::prepare(session, args).await?;
    session.progress.doing("Checking", "what a deploy needs");
    let checks = all(&ground).await;
    session.progress.clear();
    let printed = print(session, &checks, ground.dag_id());
    ground.close().await;
    printed?;
    Ok(exit(&checks))
}

/// Prints the checks; in colours where the terminal and the user (`NO_COLOR`) take them.
fn print(session: &Session, checks: &[Check], dag_id: Option<&str>) -> Result<(), Failure> {
    let colours = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
    match session.format {
        OutputFormat::Text if colours => write_stdout(show::text(checks, true).as_bytes()),
        _ => session.print(&show::text(checks, false), &show::json(checks, dag_id)),
    }
}

/// Makes all checks at once; they are told in the order in which a deploy would meet them.
async fn all(ground: &Ground<'_>) -> Vec<Check> {
    let groups: Vec<LocalBoxFuture<'_, Vec<Check>>> = vec![
        Box::pin(machine::program(ground)),
        Box::pin(project::checks(ground)),
        Box::pin(images::checks(ground)),
        Box::pin(packages::checks(ground)),
        Box::pin(server::checks(ground)),
    ];
    let mut checks: Vec<Check> = join_all(groups).await.into_iter().flatten().collect();
    checks.extend(network::checks(ground));
    checks.extend(machine::checks(ground));
    checks.extend(disk::checks(ground.session));
    checks
}

/// A fault of one kind ends with its code; warnings are no fault.
fn exit(checks: &[Check]) -> Exit {
    Exit::of_all(checks.iter().filter_map(|check| match check.status {
        Status::Fail(exit) => Some(exit),
        Status::Ok | Status::Warn => None,
    }))
}
