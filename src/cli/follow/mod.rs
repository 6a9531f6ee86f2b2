//! A run followed until it ends, its time is up, or the server is lost. Whatever happens here, the run itself goes on.

mod ending;
mod told;

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout};

use self::ending::End;
pub(super) use self::ending::Ending;
use self::told::Told;
use super::args::OutputFormat;
use super::exit::Exit;
use super::report::Failure;
use super::server::{Server, shown};
use super::session::Session;
use crate::control_plane::{ControlPlane, Followed, Pace};

/// Where a run is, and how long it is followed.
pub(super) struct Following<'a> {
    pub(super) session: &'a Session,
    pub(super) control_plane: &'a ControlPlane,
    pub(super) server: &'a Server,
    pub(super) timeout: Option<Duration>,
    /// Whether the server is the sandbox's, which runs nothing and ends with this command.
    pub(super) is_sandbox: bool,
}

impl Following<'_> {
    /// Follows `followed` and tells what happens.
    pub(super) async fn to_end(&self, mut followed: Followed) -> Ending {
        let again = self.again(&followed);
        self.session.standing.at(format!("while {} goes on", named(&followed)), again.clone());
        let began = Instant::now();
        let told = Told::begin(self.session, &followed);
        let outcome = self.within(followed.to_end(self.control_plane, Pace::default(), &|seen| told.tell(&seen))).await;
        self.session.progress.idle();
        let end = match outcome {
            None => End::TimeIsUp,
            Some(Ok(outcome)) => End::Of(outcome),
            Some(Err(error)) => End::Lost(error.into()),
        };
        Ending {
            server: self.server.url.clone(),
            followed,
            end,
            after: began.elapsed(),
            again,
            is_sandbox: self.is_sandbox,
        }
    }

    /// Follows the run that a command started whose own result is `text` and `json`: people see that at once, scripts with
    /// the run in it once that is over.
    pub(super) async fn after(&self, (text, mut json): (&str, Value), followed: Followed) -> Result<Exit, Failure> {
        if self.session.format == OutputFormat::Text {
            self.session.print(text, &json)?;
        }
        let ending = self.to_end(followed).await;
        json["run"] = ending.json();
        self.session.print(&ending.text(), &json)?;
        Ok(ending.tell(self.session))
    }

    async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.timeout {
            Some(limit) => timeout(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    /// Returns how to go on following.
    fn again(&self, followed: &Followed) -> String {
        let Followed { dag_id, run, .. } = followed;
        let place = match &self.server.target {
            Some(target) => format!("--target {target}"),
            None => format!("--server {}", shown(&self.server.url)),
        };
        let command = format!("leoflow wait {dag_id} {} {place}", run.dag_run_id);
        match self.is_sandbox {
            true => format!("while `leoflow sandbox` runs: {command} --token any"),
            false => command,
        }
    }
}

/// Names a run in a sentence.
fn named(followed: &Followed) -> String {
    format!("the run `{}` of `{}`", followed.run.dag_run_id, followed.dag_id)
}
