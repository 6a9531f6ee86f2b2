//! Registries as they are operated: with a token service, closed for maintenance, behind a proxy.

use std::process::Output;

use serde_json::Value;

use crate::programs::{run, skopeo};
use crate::registry::{Access, Registry};
use crate::road::{PASSWORD, Road, USERNAME, large_project, project};
use crate::slow_line::SlowLine;
use crate::tls::Front;
use crate::token_server::TokenServer;

/// Fails unless a deploy ended as one that a registry refused, and returns what it said.
fn refused(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["kind"], &report["exit_code"]), (&"registry".into(), &6.into()), "{report}");
    let help = report["errors"][0]["help"].as_str();
    assert!(help.is_some_and(|help| !help.is_empty()), "a refusal says what helps: {report}");
    stderr
}

#[test]
fn a_registry_that_everybody_may_use_needs_no_login() {
    let road = Road::to(Registry::start(&Access::Open));
    let deployed = road.deploy(&road.base);
    assert!(road.inspect(&deployed.image)["Layers"].as_array().unwrap().len() > road.base.layers.len());
}

#[test]
fn one_token_serves_a_whole_push() {
    let tokens = TokenServer::start(USERNAME, PASSWORD, 300);
    let road = Road::to(Registry::start(&Access::Tokens { realm: &tokens.realm }));
    let deployed = road.deploy(&road.base);
    assert_eq!(tokens.scopes(), ["repository:team/etl_sales:pull,push"]);
    assert_eq!(road.inspect(&deployed.image)["Architecture"], "amd64");
}

#[test]
fn a_mount_shows_a_token_for_both_repositories() {
    let tokens = TokenServer::start(USERNAME, PASSWORD, 300);
    let mut road = Road::to(Registry::start(&Access::Tokens { realm: &tokens.realm }));
    let base = road.target.hold_base(&road.home);
    road.target.requests();
    let asked = tokens.scopes().len();
    road.deploy(&base);
    let scopes = tokens.scopes().split_off(asked);
    let both = |scope: &String| scope.contains("runtime/python:pull") && scope.contains("team/etl_sales:pull,push");
    assert!(scopes.iter().any(both), "{scopes:?}");
    let requests = road.target.requests();
    let mounted = |layer: &String| requests.iter().any(|request| request.mounts(layer) && request.status == 201);
    assert!(base.layers.iter().all(mounted), "{requests:#?}");
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_push_is_asked_for_again() {
    let tokens = TokenServer::start(USERNAME, PASSWORD, 4);
    let registry = Registry::start(&Access::Tokens { realm: &tokens.realm });
    let line = SlowLine::to(&registry.host, 4 << 20);
    let road = Road::through(registry, line.host.clone());
    let large = large_project(&road.home, 32 << 20);
    let deployed = road.deploy_with(&road.base, &large, &[]);
    let scopes = tokens.scopes();
    assert!(scopes.len() > 1, "the layer takes longer than a token lives: {scopes:?}");
    run(skopeo()
        .args(["copy", "--quiet", "--src-tls-verify=false", "--src-authfile"])
        .arg(road.home.registry_logins())
        .arg(format!("docker://{}", deployed.image))
        .arg(format!("dir:{}", road.home.path().join("pulled").display())));
}

#[test]
fn a_password_that_the_token_service_does_not_take_is_told() {
    let tokens = TokenServer::start(USERNAME, "another password", 300);
    let road = Road::to(Registry::start(&Access::Tokens { realm: &tokens.realm }));
    let said = refused(&road.try_deploy(&road.base, &project("etl_sales"), &[]));
    assert!(!said.contains(PASSWORD), "{said}");
    assert_eq!(tokens.scopes(), [""; 0], "nobody gets a token");
}

#[test]
fn a_registry_under_maintenance_takes_no_push_and_says_so() {
    let road = Road::to(Registry::start(&Access::ReadOnly));
    let said = refused(&road.try_deploy(&road.base, &project("etl_sales"), &[]));
    assert!(said.contains(&format!("{} is read-only", road.host)), "{said}");
}

#[test]
fn a_registry_behind_nginx_is_trusted_by_its_own_authority() {
    let registry = Registry::start(&Access::Basic { username: USERNAME, password: PASSWORD });
    let front = Front::start(&registry.host, "0");
    let road = Road::through(registry, front.host.clone());
    let deployed = road.deploy(&road.base);
    assert!(deployed.image.starts_with(&format!("{}/team/etl_sales@sha256:", front.host)), "{}", deployed.image);
    assert_eq!(road.inspect(&deployed.image)["Architecture"], "amd64");
}

#[test]
fn a_proxy_that_takes_only_small_bodies_gets_chunks() {
    let registry = Registry::start(&Access::Open);
    let front = Front::start(&registry.host, "1m");
    let mut road = Road::through(registry, front.host.clone());
    let base = road.target.hold_base(&road.home);
    let large = large_project(&road.home, 5 << 20);
    road.target.requests();
    let base = crate::base::Base { reference: base.reference.replace(&road.target.host, &front.host), ..base };
    let deployed = road.deploy_with(&base, &large, &[]);
    let chunks = road.target.requests().iter().filter(|request| request.method == "PATCH").count();
    assert!(chunks >= 5, "{chunks} chunks for 5 MiB through 1 MiB");
    assert_eq!(road.inspect(&deployed.image)["Architecture"], "amd64");
}
