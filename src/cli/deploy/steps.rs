//! The steps of one deploy as they are told: what is being done, what came of it, and where Ctrl-C would leave things.

use super::count;
use crate::cli::building::Building;
use crate::cli::progress::{human_bytes, short};
use crate::cli::server::{Server, shown};
use crate::cli::session::Session;
use crate::deploy::{Deployment, Step};
use crate::image::Artifact;
use crate::registry::Pushed;

/// Tells the steps of one deploy.
pub(super) struct Steps<'a> {
    session: &'a Session,
    deployment: &'a Deployment,
    building: Building<'a>,
    server: String,
}

impl<'a> Steps<'a> {
    /// Tells that it begins.
    pub(super) fn begin(session: &'a Session, deployment: &'a Deployment, server: &Server) -> Self {
        session.standing.at("before the push: nothing was registered", "run the same command again");
        let building = Building::begin(session, &deployment.plan);
        Self { session, deployment, building, server: shown(&server.url) }
    }

    /// Tells that a step is done, and shows the one after it.
    pub(super) fn tell(&self, step: &Step<'_>) {
        let progress = &self.session.progress;
        self.building.tell(step);
        match step {
            Step::Built(built) => self.pushing(&built.artifact),
            Step::Found(place, artifact) => {
                let what = if artifact.children.is_empty() { "image" } else { "index" };
                progress.step("Found", &format!("{what} {} in {place}", short(&artifact.digest())));
                self.pushing(artifact);
            }
            Step::Pushed(pushed) => self.pushed(pushed),
            Step::Registered(registration) => {
                let word = if registration.created { "new" } else { "known already" };
                progress.step("Registered", &format!("version {} ({word})", registration.version));
                self.registered(&registration.version);
            }
            Step::AlreadyLive(registration) => {
                progress.step("Unchanged", &format!("version {} is live already", registration.version));
                self.registered(&registration.version);
            }
            Step::Triggered(run) => progress.step("Triggered", &run.dag_run_id),
            _ => {}
        }
    }

    fn pushing(&self, artifact: &Artifact) {
        let repository = &self.deployment.repository;
        self.session.standing.at(
            format!("during the push to {repository}: nothing was registered"),
            "run the same command again: layers that have arrived whole are not sent again",
        );
        self.session.progress.pushing(&repository.to_string(), artifact);
    }

    fn pushed(&self, pushed: &Pushed) {
        self.session.progress.step("Pushed", &moved(pushed));
        self.session.standing.at(
            format!("after the push: whether it was registered is not known\n{}", pushed.pinned),
            "run the same command again: it uploads nothing and registers this image",
        );
        self.wait();
    }

    fn registered(&self, version: &str) {
        let dag_id = &self.deployment.plan.project.config.dag_id;
        let now = format!("after {dag_id} was registered as version {version}");
        match &self.deployment.trigger {
            Some(_) => {
                let now = format!("{now}: whether a run was started is not known");
                self.session.standing.at(now, "look at the runs of the DAG on the server");
                self.wait();
            }
            None => self.session.standing.at(now, "there is nothing left to do"),
        }
    }

    fn wait(&self) {
        self.session.progress.doing("Waiting", &format!("for {}", self.server));
    }
}

/// Returns what a push moved, in words.
pub(in crate::cli) fn moved(pushed: &Pushed) -> String {
    if pushed.unchanged {
        return "nothing: the registry has this image under this tag".to_owned();
    }
    let uploaded = match pushed.uploaded {
        0 => "nothing uploaded".to_owned(),
        blobs => format!("{} uploaded ({})", count(blobs, "blob"), human_bytes(pushed.uploaded_bytes)),
    };
    let others = [(pushed.mounted, "mounted"), (pushed.present, "there already")];
    let others = others.iter().filter(|(blobs, _)| *blobs > 0).map(|(blobs, word)| format!(", {blobs} {word}"));
    uploaded + &others.collect::<String>()
}
