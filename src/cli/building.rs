//! The steps up to a finished image as they are told, whether it is then pushed or written to a file.

use std::sync::atomic::{AtomicBool, Ordering};

use annotate_snippets::Level;

use super::locking;
use super::progress::{human_bytes, short};
use super::report::Report;
use super::session::Session;
use crate::dag::Compiled;
use crate::deploy::{Base, Built, BuiltImage, Plan, Stack, Step};
use crate::image::{BaseImage, Image, ImageLayer};

/// Tells how an image is built.
pub(super) struct Building<'a> {
    session: &'a Session,
    plan: &'a Plan,
    has_base: AtomicBool,
}

impl<'a> Building<'a> {
    /// Tells that it begins.
    pub(super) fn begin(session: &'a Session, plan: &'a Plan) -> Self {
        for warning in &plan.project.config.warnings {
            session.progress.report(&Report::from(warning.clone()), Level::WARNING);
        }
        session.account.begin();
        session.progress.doing("Compiling", &plan.project.config.dag_id);
        Self { session, plan, has_base: AtomicBool::new(false) }
    }

    /// Tells that a step is done, and shows the one after it. Steps after the image is built are not told.
    pub(super) fn tell(&self, step: &Step<'_>) {
        let progress = &self.session.progress;
        progress.idle();
        self.session.account.step(step);
        match step {
            Step::Compiled(compiled) => self.compiled(compiled),
            Step::Listed(packed) => {
                packed.set.iter().for_each(|(path, _)| progress.detail("Packs", path.as_str()));
                progress.packing(packed.bytes);
            }
            Step::Assembled(packed, layer) => {
                let files = format!("{}, {}", count(packed.files, "file"), human_bytes(packed.bytes));
                progress.step("Assembled", &format!("{files} into {} of layer", human_bytes(layer.blob.size())));
                if !self.has_base.load(Ordering::Relaxed) {
                    progress.doing("Waiting", &format!("for {}", self.plan.base));
                }
            }
            Step::BaseResolved(base, bases) => self.base_resolved(base, bases),
            Step::Built(built) => {
                progress.packages_done();
                self.built(built);
            }
            step => locking::tell(progress, step),
        }
    }

    fn compiled(&self, compiled: &Compiled) {
        let progress = &self.session.progress;
        for warning in &compiled.warnings {
            progress.report(&Report::from(warning.clone()), Level::WARNING);
        }
        let tasks = count(compiled.spec.tasks.len(), "task");
        progress.step("Compiled", &format!("{}, {tasks}", compiled.spec.dag_id()));
        progress.doing("Packing", &self.plan.project.root.display().to_string());
    }

    fn base_resolved(&self, from: &Base, bases: &[BaseImage]) {
        self.has_base.store(true, Ordering::Relaxed);
        for (base, platform) in bases.iter().zip(&self.plan.platforms) {
            let layers = count(base.layers.len(), "layer");
            let whose = if bases.len() > 1 { format!("{platform}, ") } else { String::new() };
            let line = format!("{from} ({}), {whose}{layers}", short(&base.digest));
            self.session.progress.step("Base", &line);
        }
    }

    fn built(&self, built: &Built) {
        let progress = &self.session.progress;
        let what = if built.images.len() > 1 { "index" } else { "image" };
        progress.step("Built", &format!("{what} {}", short(&built.artifact.digest())));
        for BuiltImage { platform, image, packages, .. } in &built.images {
            if built.images.len() > 1 {
                progress.step("", &format!("image {}  {platform}", short(&image.descriptor.digest)));
            }
            self.layers(image, packages);
        }
    }

    fn layers(&self, image: &Image, packages: &Stack) {
        for layer in &image.layers {
            let whose = match layer {
                ImageLayer::Base(_) => "base",
                own => packages.title(own).unwrap_or("project"),
            };
            self.session.progress.name(layer.digest(), whose);
            let line = format!("layer {}  {:>10}  {whose}", short(&layer.digest()), human_bytes(layer.size()));
            self.session.progress.step("", &line);
        }
    }
}

/// Returns `1 task`, `2 tasks`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
