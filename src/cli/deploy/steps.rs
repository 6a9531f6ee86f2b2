//! The steps of one deploy as they are told: what is being done, what came of it, and where Ctrl-C would leave things.

use annotate_snippets::Level;

use super::count;
use crate::cli::progress::{human_bytes, short};
use crate::cli::report::Report;
use crate::cli::server::{Server, shown};
use crate::cli::session::Session;
use crate::dag::Compiled;
use crate::deploy::{Built, BuiltImage, Deployment, Step};
use crate::image::{BaseImage, Image, ImageLayer};
use crate::reference::Reference;
use crate::registry::Pushed;

/// Tells the steps of one deploy.
pub(super) struct Steps<'a> {
    session: &'a Session,
    deployment: &'a Deployment,
    server: String,
}

impl<'a> Steps<'a> {
    /// Tells that it begins.
    pub(super) fn begin(session: &'a Session, deployment: &'a Deployment, server: &Server) -> Self {
        session.standing.at("before the push: nothing was registered", "run the same command again");
        session.progress.doing("Compiling", &deployment.plan.project.config.dag_id);
        Self { session, deployment, server: shown(&server.url) }
    }

    /// Tells that a step is done, and shows the one after it.
    pub(super) fn tell(&self, step: &Step<'_>) {
        let progress = &self.session.progress;
        progress.idle();
        match step {
            Step::Compiled(compiled) => self.compiled(compiled),
            Step::Listed(packed) => progress.packing(packed.bytes),
            Step::Assembled(packed, layer) => {
                let files = format!("{}, {}", count(packed.files, "file"), human_bytes(packed.bytes));
                progress.step("Assembled", &format!("{files} into {} of layer", human_bytes(layer.blob.size())));
                progress.doing("Waiting", &format!("for {}", self.deployment.plan.base));
            }
            Step::BaseResolved(reference, bases) => self.base_resolved(reference, bases),
            Step::Built(built) => self.built(built),
            Step::Pushed(pushed) => self.pushed(pushed),
            Step::Registered(registration) => {
                let word = if registration.created { "new" } else { "known already" };
                progress.step("Registered", &format!("version {} ({word})", registration.version));
                self.registered(&registration.version);
            }
            Step::Triggered(run) => progress.step("Triggered", &run.dag_run_id),
        }
    }

    fn compiled(&self, compiled: &Compiled) {
        let progress = &self.session.progress;
        for warning in &compiled.warnings {
            progress.report(&Report::from(warning.clone()), Level::WARNING);
        }
        let tasks = count(compiled.spec.tasks.len(), "task");
        progress.step("Compiled", &format!("{}, {tasks}", compiled.spec.dag_id()));
        progress.doing("Packing", &self.deployment.plan.project.root.display().to_string());
    }

    fn base_resolved(&self, reference: &Reference, bases: &[BaseImage]) {
        for (base, platform) in bases.iter().zip(&self.deployment.plan.platforms) {
            let layers = count(base.layers.len(), "layer");
            let whose = if bases.len() > 1 { format!("{platform}, ") } else { String::new() };
            let line = format!("{reference} ({}), {whose}{layers}", short(&base.digest));
            self.session.progress.step("Base", &line);
        }
    }

    fn built(&self, built: &Built) {
        let progress = &self.session.progress;
        let what = if built.images.len() > 1 { "index" } else { "image" };
        progress.step("Built", &format!("{what} {}", short(&built.artifact.digest())));
        for BuiltImage { platform, image, .. } in &built.images {
            if built.images.len() > 1 {
                progress.step("", &format!("image {}  {platform}", short(&image.descriptor.digest)));
            }
            self.layers(image);
        }
        let repository = &self.deployment.repository;
        self.session.standing.at(
            format!("during the push to {repository}: nothing was registered"),
            "run the same command again: what has arrived is not sent twice",
        );
        progress.doing("Pushing", &format!("to {repository}"));
    }

    fn layers(&self, image: &Image) {
        for layer in &image.layers {
            let whose = match layer {
                ImageLayer::Base(_) => "base",
                ImageLayer::Assembled(_) => "project",
            };
            let line = format!("layer {}  {:>10}  {whose}", short(&layer.digest()), human_bytes(layer.size()));
            self.session.progress.step("", &line);
        }
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
            Some(run) => {
                let now = format!("{now}: whether run {run} was started is not known");
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
fn moved(pushed: &Pushed) -> String {
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
