//! `leoflow deploy`: one project, or all of a workspace, to one control plane.

mod all;
mod summary;

use annotate_snippets::Level;
use url::Url;

use super::args::DeployArgs;
use super::exit::Exit;
use super::progress::{human_bytes, short};
use super::report::{Failure, Report};
use super::session::{CONTROL_PLANE_DEADLINE, Session};
use super::{prompt, push, sandbox, server, target};
use crate::control_plane::ControlPlane;
use crate::deploy::{self, DeployError, Deployed, Deployment, Step, Tools};
use crate::image::{Image, ImageLayer};
use crate::layers::AssembleOptions;
use crate::project::Project;
use crate::python::Interpreter;
use crate::reference::{Reference, Repository};
use crate::registry::{Client, Pushed};
use crate::sandbox::Sandbox;

pub(super) async fn run(session: &Session, args: &DeployArgs) -> Result<Exit, Failure> {
    if args.all {
        return all::run(session, args).await;
    }
    let project = session.project(&args.target)?;
    let road = Road::open(session, args).await?;
    let result = one(&road, project, args).await;
    road.close().await;
    result
}

async fn one(road: &Road<'_>, project: Project, args: &DeployArgs) -> Result<Exit, Failure> {
    let deployment = road.plan(project, args)?;
    if !road.confirmed(args, &deployment.project.config.dag_id).await? {
        return Ok(Exit::Failure);
    }
    let deployed = road.deploy(&deployment).await?;
    summary::print_one(road, &deployment, &deployed)?;
    Ok(Exit::Success)
}

/// Everything that deploys to one control plane share.
struct Road<'a> {
    session: &'a Session,
    server: server::Server,
    control_plane: ControlPlane,
    registry: Client,
    interpreter: Interpreter,
    assembly: AssembleOptions,
    sandbox: Option<Sandbox>,
}

impl<'a> Road<'a> {
    /// Settles server, token and clients, and starts the sandbox if that is where it goes.
    async fn open(session: &'a Session, args: &DeployArgs) -> Result<Self, Failure> {
        let sandbox = match args.sandbox {
            true => Some(Sandbox::start(&sandbox::directory(session, None)?).await?),
            false => None,
        };
        let (server, token) = match &sandbox {
            Some(sandbox) => {
                let url: Url = sandbox.control_plane.clone();
                (server::Server { url, source: "--sandbox" }, sandbox.token.clone())
            }
            None => {
                let (server, found) = server::resolve(&args.server, &session.environment, &session.settings)?;
                (server, found.token)
            }
        };
        Ok(Self {
            session,
            control_plane: ControlPlane::new(server.url.clone(), Some(token), CONTROL_PLANE_DEADLINE)?,
            registry: session.registry(&args.registry)?,
            interpreter: session.interpreter(&args.interpreter),
            assembly: session.assembly()?,
            server,
            sandbox,
        })
    }

    /// Stops the sandbox once no other process deploys to it.
    async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }

    /// Says what a deploy of `project` would do.
    fn plan(&self, project: Project, args: &DeployArgs) -> Result<Deployment, Failure> {
        Ok(Deployment {
            base: self.base(&project, args)?,
            platform: target::platform(&project, &args.registry)?,
            repository: self.repository(&project, args)?,
            tag: target::tag(&project, args.dag_version.as_deref())?,
            allowed_files: args.allow_file.clone(),
            packages_in_base: args.packages_in_base,
            trigger: args.trigger.then(|| push::run_id(self.session)),
            project,
        })
    }

    fn base(&self, project: &Project, args: &DeployArgs) -> Result<Reference, Failure> {
        match &self.sandbox {
            Some(sandbox) if args.registry.base.is_none() => Ok(sandbox.demo_base.clone()),
            _ => target::base(project, &args.registry),
        }
    }

    fn repository(&self, project: &Project, args: &DeployArgs) -> Result<Repository, Failure> {
        match &self.sandbox {
            Some(sandbox) => {
                let mut registry = args.registry.clone();
                registry.registry_url = Some(sandbox.registry.clone());
                target::repository(project, &registry)
            }
            None => target::repository(project, &args.registry),
        }
    }

    async fn confirmed(&self, args: &DeployArgs, what: &str) -> Result<bool, Failure> {
        if !server::must_confirm(&self.server, args.yes, &self.session.environment) {
            return Ok(true);
        }
        prompt::confirm(&format!("Deploy {what} -> {}?", server::shown(&self.server.url))).await
    }

    async fn deploy(&self, deployment: &Deployment) -> Result<Deployed, DeployError> {
        for warning in &deployment.project.config.warnings {
            self.session.progress.report(&Report::from(warning.clone()), Level::WARNING);
        }
        let on_step = |step: Step<'_>| self.tell(&step);
        let tools = Tools {
            interpreter: self.interpreter.clone(),
            assembly: self.assembly.clone(),
            registry: &self.registry,
            control_plane: &self.control_plane,
            on_step: &on_step,
        };
        deploy::deploy(deployment, &tools).await
    }

    fn tell(&self, step: &Step<'_>) {
        let progress = &self.session.progress;
        match step {
            Step::Compiled(compiled) => {
                for warning in &compiled.warnings {
                    progress.report(&Report::from(warning.clone()), Level::WARNING);
                }
                let tasks = compiled.spec.tasks.len();
                progress.step("Compiled", &format!("{}, {}", compiled.spec.dag_id(), count(tasks, "task")));
            }
            Step::Assembled(packed, layer) => {
                let files = format!("{}, {}", count(packed.files, "file"), human_bytes(packed.bytes));
                progress.step("Assembled", &format!("{files} into {} of layer", human_bytes(layer.blob.size())));
            }
            Step::BaseResolved(reference, base) => {
                progress.step(
                    "Base",
                    &format!("{reference} ({}), {}", short(&base.digest), count(base.layers.len(), "layer")),
                );
            }
            Step::Built(image) => self.tell_image(image),
            Step::Pushed(pushed) => progress.step("Pushed", &moved(pushed)),
            Step::Registered(registration) => {
                let word = if registration.created { "new" } else { "known already" };
                progress.step("Registered", &format!("version {} ({word})", registration.version));
            }
            Step::Triggered(run) => progress.step("Triggered", &run.dag_run_id),
        }
    }

    fn tell_image(&self, image: &Image) {
        let progress = &self.session.progress;
        progress.step("Built", &image.descriptor.digest.to_string());
        for layer in &image.layers {
            let whose = match layer {
                ImageLayer::Base(_) => "base",
                ImageLayer::Assembled(_) => "project",
            };
            progress.step("", &format!("layer {}  {:>10}  {whose}", short(&layer.digest()), human_bytes(layer.size())));
        }
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

/// Returns `1 task`, `2 tasks`.
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
