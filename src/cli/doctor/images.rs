//! The base, read for each platform; and the right to push, proved by an upload that is opened and cancelled.

use super::check::{Check, DEADLINE, PATIENCE, within};
use super::ground::Ground;
use crate::cli::args::{ConnectionArgs, UploadArgs};
use crate::cli::exit::Exit;
use crate::cli::progress::short;
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::cli::target;
use crate::credentials::{Keychain, Origin, Presented};
use crate::deploy::Base;
use crate::image::{BaseImage, Platform};
use crate::layout::Layout;
use crate::project::Project;
use crate::reference::Repository;
use crate::registry::Client;

pub(super) async fn checks(ground: &Ground<'_>) -> Vec<Check> {
    let Some(project) = ground.readable() else { return Vec::new() };
    let (client, keychain) = match client(ground, project) {
        Ok(client) => client,
        Err(failure) => return vec![Check::fail("registry", failure)],
    };
    let (base, push) = tokio::join!(
        within("base", Exit::Registry, PATIENCE, base(ground, project, &client)),
        within("push", Exit::Registry, PATIENCE, push(ground, project, &client, &keychain)),
    );
    vec![base, push]
}

fn client(ground: &Ground<'_>, project: &Project) -> Result<(Client, Keychain), Failure> {
    let session = ground.session;
    let methods = target::auth_methods(std::slice::from_ref(project), &ground.image)?;
    let connection = ConnectionArgs { registry_timeout: DEADLINE, ..ground.image.connection.clone() };
    let client = session.registry(&connection, &UploadArgs::default(), methods.clone())?;
    Ok((client, session.environment.keychain(methods)))
}

async fn base(ground: &Ground<'_>, project: &Project, client: &Client) -> Check {
    let found = async {
        let base = target::base(ground.session, project, &ground.image.base)?;
        let platforms = target::platforms(project, &ground.image.base)?;
        let images = pulled(&base, &platforms, client).await?;
        Ok::<_, Failure>((base, platforms, images))
    };
    let found = found.await;
    if let Ok((Base::Registry(reference), ..)) = &found {
        ground.note_clock(reference.repository.registry().to_owned(), client.date());
    }
    Check::of("base", found, |(base, platforms, images)| {
        let each = platforms.iter().zip(&images);
        let each: Vec<String> =
            each.map(|(platform, image)| format!("{platform} ({})", short(&image.digest))).collect();
        format!("{base}: {}", each.join(", "))
    })
}

async fn pulled(base: &Base, platforms: &[Platform], client: &Client) -> Result<Vec<BaseImage>, Failure> {
    match base {
        Base::Registry(reference) => Ok(client.pull_bases(reference, platforms).await?),
        Base::Local(place) => Ok(Layout::open(place)?.bases(platforms)?),
    }
}

async fn push(ground: &Ground<'_>, project: &Project, client: &Client, keychain: &Keychain) -> Check {
    let repository = match target::destination(project, &ground.image) {
        Ok(repository) => repository,
        Err(failure) => return Check::fail("push", failure),
    };
    client.allow(&repository);
    let outcome = client.check_push(&repository).await;
    ground.note_clock(repository.registry().to_owned(), client.date());
    let who = who(ground.session, keychain, &repository).await;
    match outcome {
        Ok(()) => Check::ok("push", format!("{repository} takes uploads; {who}")),
        Err(error) => {
            let mut check = Check::fail("push", error);
            check.what.push_str(&format!("\n{who}"));
            check
        }
    }
}

/// Names who is presented and where that was found, and shows nothing of the secret.
async fn who(session: &Session, keychain: &Keychain, repository: &Repository) -> String {
    let Ok(Presented { user, origin }) = keychain.presented(repository).await else {
        return "its credential cannot be read".to_owned();
    };
    let whose = user.map_or_else(|| "a token".to_owned(), |user| format!("user `{user}`"));
    match origin {
        Origin::Nowhere => "no credential was found for it".to_owned(),
        Origin::File(path) => format!("{whose} from {}", session.environment.shown(&path)),
        Origin::Helper(program) => format!("{whose} from {program}"),
        Origin::Environment => format!("{whose} from LEOFLOW_REGISTRY_… variables"),
        Origin::Cloud => "this host's cloud identity".to_owned(),
    }
}
