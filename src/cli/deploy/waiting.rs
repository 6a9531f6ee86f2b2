//! `deploy --trigger --wait`: the run that the deploy started, followed to its end.

use super::{Road, summary};
use crate::cli::args::DeployArgs;
use crate::cli::exit::Exit;
use crate::cli::follow::Following;
use crate::cli::report::Failure;
use crate::control_plane::{Followed, Run};
use crate::deploy::Deployed;

pub(super) async fn to_end(road: &Road<'_>, args: &DeployArgs, deployed: &Deployed, run: Run) -> Result<Exit, Failure> {
    let following = Following {
        session: road.session,
        control_plane: &road.control_plane,
        server: &road.server,
        timeout: args.timeout,
        is_sandbox: road.sandbox.is_some(),
    };
    let (text, json) = summary::of_one(road, args, deployed);
    following.after((&text, json), Followed::new(deployed.dag_id.clone(), run)).await
}
