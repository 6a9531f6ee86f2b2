//! `leoflow deploy`: one project, or all of a workspace, to one control plane.

mod all;
mod dry_run;
mod spec_out;
mod steps;
mod summary;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use self::spec_out::SpecOut;
use self::steps::Steps;
pub(super) use self::steps::moved;
use super::args::{DeployArgs, ImageArgs};
use super::building::count;
use super::connections::ServerConnections;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;
use super::{prompt, record, sandbox, server, target};
use crate::cache::Cache;
use crate::control_plane::ControlPlane;
use crate::deploy::{self, Base, Common, DeployError, Deployed, Deployment, Step, Tools};
use crate::layers::AssembleOptions;
use crate::layout::Layout;
use crate::packages::index::Index;
use crate::project::Project;
use crate::python::Interpreter;
use crate::record::{Entry, Way};
use crate::reference::{LocalPlace, Repository, Tag};
use crate::registry::Client;
use crate::sandbox::Sandbox;

pub(super) async fn run(session: &Session, args: &DeployArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was sent", "run the same command again");
    if args.all {
        return all::run(session, args).await;
    }
    let project = session.project(&args.target)?;
    if !args.sandbox {
        // What the project lacks is told before what the user lacks: a token.
        target::destination(&project, &args.image)?;
    }
    let road = Road::open(session, args, std::slice::from_ref(&project)).await?;
    let result = one(&road, project, args).await;
    road.close().await;
    result
}

async fn one(road: &Road<'_>, project: Project, args: &DeployArgs) -> Result<Exit, Failure> {
    let deployment = road.plan(project, args)?;
    if args.dry_run {
        return dry_run::one(road, args, &deployment).await;
    }
    let spec_out = args.spec_out.as_deref().map(|file| SpecOut::check(road.session, file)).transpose()?;
    if !road.confirmed(args, &deployment.plan.project.config.dag_id).await? {
        return Ok(Exit::Failure);
    }
    let deployed = road.deploy(&deployment).await?;
    spec_out.map_or(Ok(()), |file| file.write(&deployed.spec))?;
    match &deployed.run {
        Some(run) if args.wait => waiting::to_end(road, args, &deployed, run.clone()).await,
        _ => {
            summary::print_one(road, args, &deployed)?;
            Ok(Exit::Success)
        }
    }
}

/// Everything that deploys to one control plane share.
struct Road<'a> {
    session: &'a Session,
    server: server::Server,
    control_plane: ControlPlane,
    registry: Client,
    index: Index,
    common: Arc<Common>,
    interpreter: Interpreter,
    assembly: AssembleOptions,
    cache: Cache,
    sandbox: Option<Sandbox>,
    /// What the server has of what DAGs need.
    connections: ServerConnections,
    /// The image that was built before.
    built: Option<LocalPlace>,
}

impl<'a> Road<'a> {
    /// Settles server, token and clients, and starts the sandbox if that is where it goes.
    async fn open(session: &'a Session, args: &DeployArgs, projects: &[Project]) -> Result<Self, Failure> {
        let methods = match args.sandbox {
            true => BTreeMap::new(),
            false => target::auth_methods(projects, &args.image)?,
        };
        let sandbox = match args.sandbox {
            true => Some(Sandbox::start(&sandbox::directory(session, None)?).await?),
            false => None,
        };
        let (server, token) = match &sandbox {
            Some(sandbox) => {
                let url: Url = sandbox.control_plane.clone();
                (server::Server::new(url, "--sandbox"), sandbox.token.clone())
            }
            None => {
                let (server, found) = server::resolve(&args.server, &session.environment, &session.settings)?;
                server::warn_of_plain_http(session, &server, "the token travels");
                (server, found.token)
            }
        };
        Ok(Self {
            session,
            control_plane: session.control_plane(server.url.clone(), Some(token))?,
            registry: session.registry(&args.image.connection, &args.upload, methods)?,
            index: session.index(&args.packages.index, args.image.connection.offline)?,
            common: session.common(),
            interpreter: session.interpreter(&args.interpreter),
            assembly: session.assembly(args.image.compression)?,
            cache: session.cache()?,
            server,
            sandbox,
            connections: ServerConnections::default(),
            built: args.image_layout.as_deref().map(|text| target::local(session, text)).transpose()?,
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
        let (base, tag) = (self.base(&project, args)?, self.tag(&project, args)?);
        let (packages, built) = (target::packages(&args.packages, !args.no_remote_cache), self.built.as_ref());
        let plan = target::plan(self.session, project, base, tag, &args.image, packages, built)?;
        let repository = self.repository(&plan.project, args)?;
        self.registry.allow(&repository);
        Ok(Deployment { repository, trigger: args.trigger.then_some(self.session.environment.now), plan })
    }

    fn base(&self, project: &Project, args: &DeployArgs) -> Result<Base, Failure> {
        match &self.sandbox {
            Some(sandbox) if args.image.base.base.is_none() => Ok(Base::Registry(sandbox.demo_base.clone())),
            _ => target::base(self.session, project, &args.image.base),
        }
    }

    /// An image that was built before says which version it is: the tree may be a copy without git.
    fn tag(&self, project: &Project, args: &DeployArgs) -> Result<Tag, Failure> {
        let version = match &self.built {
            Some(place) => Layout::open(place)?.version(),
            None => args.image.dag_version.clone(),
        };
        target::tag(project, version.as_deref())
    }

    fn repository(&self, project: &Project, args: &DeployArgs) -> Result<Repository, Failure> {
        match &self.sandbox {
            Some(sandbox) => {
                let args = ImageArgs { registry_url: Some(sandbox.registry.clone()), ..args.image.clone() };
                target::repository(project, &args)
            }
            None => target::destination(project, &args.image),
        }
    }

    async fn confirmed(&self, args: &DeployArgs, what: &str) -> Result<bool, Failure> {
        if !server::must_confirm(&self.server, args.yes, &self.session.environment) {
            return Ok(true);
        }
        prompt::confirm(self.session, &format!("Deploy {what} -> {}?", server::shown(&self.server.url))).await
    }

    /// Notes what is registered now, also when only the run could not be started.
    fn note(&self, outcome: &Result<Deployed, DeployError>) {
        let (spec, registration, platforms) = match outcome {
            Ok(deployed) => (&deployed.spec, &deployed.registration, &deployed.platforms[..]),
            Err(DeployError::RegisteredNotTriggered { spec, registration, .. }) => (&**spec, &**registration, &[][..]),
            Err(_) => return,
        };
        let server = if self.sandbox.is_some() { record::SANDBOX.to_owned() } else { server::shown(&self.server.url) };
        let mut entry = Entry::new(self.session.environment.now, Way::Deploy, &server, spec, registration);
        entry.platforms = platforms.iter().map(record::platform).collect();
        record::records(self.session).append(&entry, spec);
    }

    async fn deploy(&self, deployment: &Deployment) -> Result<Deployed, DeployError> {
        let steps = Steps::begin(self.session, deployment, &self.server);
        let progress = self.session.progress.clone();
        let on_step = |step: Step<'_>| steps.tell(&step);
        let tools = self.tools(&on_step, Arc::new(move |bytes| progress.packed(bytes)));
        let deployed = match &self.built {
            Some(place) => deploy::deploy_image(deployment, place, &tools, &self.control_plane).await,
            None => deploy::deploy(deployment, &tools, &self.control_plane).await,
        };
        self.note(&deployed);
        if let Ok(deployed) = &deployed {
            self.connections.ask(&self.control_plane, &deployed.connections).await;
        }
        self.session.progress.clear();
        deployed
    }

    fn tools<'t>(
        &'t self,
        on_step: &'t (dyn Fn(Step<'_>) + Send + Sync),
        on_packed: Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Tools<'t> {
        Tools {
            interpreter: self.interpreter.clone(),
            assembly: self.assembly.clone(),
            cache: self.cache.clone(),
            registry: &self.registry,
            index: self.index.clone(),
            common: Arc::clone(&self.common),
            on_step,
            on_packed,
        }
    }
}
