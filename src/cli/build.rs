//! `leoflow build`: an image into a layout or archive. No registry is written to, no control plane is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::{BuildArgs, UploadArgs};
use super::audience::about;
use super::building::Building;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;
use super::{asked, target};
use crate::deploy::{self, Built, Plan, Tools};
use crate::layout::{self, Names};
use crate::project::Project;
use crate::reference::{Format, LocalPlace, Reference};
use crate::registry::Client;

pub(super) async fn run(session: &Session, args: &BuildArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was written", "run the same command again");
    let place = destination(session, &args.destination)?;
    let project = session.project(&args.target)?;
    let plan = plan(session, project, args, &place)?;
    let registry = session.registry(&args.image.connection, &UploadArgs::default(), BTreeMap::new())?;
    let name = target::full_name(&plan, &args.image)?;
    let dag_id = plan.project.config.dag_id.clone();
    let built = about(&dag_id, build(session, args, &plan, &registry)).await?;
    write(session, &built, &place, &plan, name, &registry).await?;
    let text =
        as_text(&plan, &place, &built) + &session.account.line() + &asked::line(&args.image.connection, &registry);
    session.print(&text, &as_json(session, &plan, &place, &built, &registry))?;
    Ok(Exit::Success)
}

/// Returns where the image goes; a digest cannot be chosen.
pub(super) fn destination(session: &Session, text: &str) -> Result<LocalPlace, Failure> {
    let place = target::local(session, text)?;
    target::check_destination(&place)?;
    Ok(place)
}

fn plan(session: &Session, project: Project, args: &BuildArgs, place: &LocalPlace) -> Result<Plan, Failure> {
    let base = target::base(session, &project, &args.image.base)?;
    let tag = target::tag(&project, args.image.dag_version.as_deref())?;
    // Nothing is pushed: no repository could remember it.
    let packages = target::packages(&args.packages, false);
    target::plan(session, project, base, tag, &args.image, packages, Some(place))
}

async fn build(session: &Session, args: &BuildArgs, plan: &Plan, registry: &Client) -> Result<Built, Failure> {
    let building = Building::begin(session, plan);
    let progress = session.progress.clone();
    let tools = Tools {
        interpreter: session.interpreter(&args.interpreter),
        assembly: session.assembly(args.image.compression)?,
        cache: session.cache()?,
        registry,
        index: session.index(&args.packages.index, args.image.connection.offline)?,
        common: session.common(),
        on_step: &|step| building.tell(&step),
        on_packed: Arc::new(move |bytes| progress.packed(bytes)),
    };
    let built = deploy::build(plan, target::image_name(&plan.project, &plan.tag), &tools).await;
    session.progress.clear();
    Ok(built?)
}

async fn write(
    session: &Session,
    built: &Built,
    place: &LocalPlace,
    plan: &Plan,
    name: Option<Reference>,
    registry: &Client,
) -> Result<(), Failure> {
    session.standing.at("while the image was written: it is not there yet", "run the same command again");
    session.progress.doing("Writing", &place.to_string());
    let names = Names { reference: Some(plan.tag.to_string()), image: loadable(name, plan, place) };
    let fetch = async |repository: &_, descriptor: &_| Ok(registry.blob(repository, descriptor));
    layout::save(&built.artifact, place, &names, fetch).await?;
    session.progress.idle();
    session.progress.step("Written", &place.to_string());
    Ok(())
}

/// Returns the full name to record. `docker load` needs one; a project that is for no registry yet gets its dag_id.
fn loadable(name: Option<Reference>, plan: &Plan, place: &LocalPlace) -> Option<String> {
    let short =
        || format!("{}:{}", plan.project.config.dag_id.to_ascii_lowercase(), plan.tag).parse::<Reference>().ok();
    let name = if place.format == Format::DockerArchive { name.or_else(short) } else { name };
    name.map(|name| name.to_string())
}

fn as_text(plan: &Plan, place: &LocalPlace, built: &Built) -> String {
    format!("Built {} -> {place}\n  image {}\n", plan.project.config.dag_id, built.artifact.digest())
}

fn as_json(session: &Session, plan: &Plan, place: &LocalPlace, built: &Built, registry: &Client) -> Value {
    let platforms = built.images.iter().map(|built| {
        let mut json = json!({"platform": built.platform.to_string(), "base_digest": built.base.to_string(),
                              "digest": built.image.descriptor.digest.to_string()});
        session.account.add_to(&mut json, &built.platform, false);
        json
    });
    json!({
        "schema": "leoflow.build/v1",
        "dag_id": plan.project.config.dag_id,
        "dag_version": plan.tag.to_string(),
        "destination": place.to_string(),
        "path": place.path,
        "digest": built.artifact.digest().to_string(),
        "media_type": built.artifact.descriptor.media_type,
        "platforms": platforms.collect::<Vec<_>>(),
        "asked": asked::json(registry),
    })
}
