//! Credentials go to whom they belong, and nowhere else.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use leoflow::packages::index::{Certificates, IndexCredentials};

use super::*;
use crate::support::package_index::PackageIndex;
use crate::support::scripted::Answer;
use crate::support::tls::{self, TlsFront};

fn basic(both: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(both))
}

/// The options for an index whose URL holds a user and a password.
fn with_login(bench: &Bench) -> IndexOptions {
    let mut credentials = IndexCredentials::default();
    let mut options = bench.options();
    for url in &mut options.sources.indexes {
        url.set_username("ada").unwrap();
        url.set_password(Some("ses%40me")).unwrap();
        *url = credentials.take(url.clone());
    }
    IndexOptions { credentials, ..options }
}

#[tokio::test]
async fn credentials_of_a_url_are_presented_to_its_server_alone() {
    let files = PackageIndex::of(&[large()]).await;
    let elsewhere = format!("http://{}/files/", files.server.host());
    let server = PackageIndex::scripted(move |request, shelf| {
        let known = request.header("authorization") == Some(&basic("ada:ses@me"));
        let mut answer = if known { shelf.answer(request) } else { Answer::new(401) };
        let body = String::from_utf8(answer.body).unwrap().replace("../../files/", &elsewhere);
        answer.body = body.into_bytes();
        Some(answer)
    })
    .await;
    server.put(&large());
    let bench = Bench::at(server.url());
    assert!(matches!(project(&bench.client(), "large").await, Err(IndexError::Denied { presented: false, .. })));
    let index = Index::new(with_login(&bench)).unwrap();
    let found = project(&index, "large").await.unwrap();
    index.metadata(&found.files[0]).await.unwrap();
    index.wheel(&locked(&found.files[0])).await.unwrap();
    assert_eq!(files.count("GET"), 2);
    assert!(files.server.requests().iter().all(|request| request.header("authorization").is_none()));
    assert!(!format!("{found:?} {:?}", bench.told()).contains("ses"));
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_server() {
    let target = PackageIndex::of(&[Wheel::new("a", "1.0")]).await;
    let location = target.url();
    let server = PackageIndex::scripted(move |request, _| {
        Some(Answer::new(302).header("Location", format!("{location}{}", &request.path["/simple/".len()..])))
    })
    .await;
    let index = Index::new(with_login(&Bench::at(server.url()))).unwrap();
    let found = project(&index, "a").await.unwrap();
    assert_eq!(found.files.len(), 1);
    let Location::Url(url) = &found.files[0].location else { panic!() };
    assert!(
        url.as_str().starts_with(&target.url()[..target.url().len() - "simple/".len()]),
        "relative to the last page"
    );
    assert!(server.server.requests().iter().all(|request| request.header("authorization").is_some()));
    assert!(target.server.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn wrong_credentials_are_told_without_them() {
    let server = PackageIndex::scripted(|_, _| Some(Answer::new(401))).await;
    let index = Index::new(with_login(&Bench::at(server.url()))).unwrap();
    let error = project(&index, "a").await.unwrap_err();
    let text = format!("{error} {error:?} {:?}", error.help());
    assert!(matches!(error, IndexError::Denied { presented: true, .. }) && !text.contains("ses"), "{text}");
}

#[tokio::test]
async fn redirects_lead_nowhere_that_is_not_safe() {
    for (location, expected) in [
        ("http://169.254.169.254/latest/", "no place for packages"),
        ("ftp://127.0.0.1/", "not HTTP"),
        ("file:///etc/passwd", "not HTTP"),
        ("/simple/a/", "on and on"),
    ] {
        let server = PackageIndex::scripted(move |_, _| Some(Answer::new(301).header("Location", location))).await;
        let error = project(&Bench::at(server.url()).client(), "a").await.unwrap_err();
        assert!(error.to_string().contains(expected), "{location}: {error}");
    }
}

#[tokio::test]
async fn plain_http_is_for_loopback_and_for_whom_the_user_trusts() {
    let bench = Bench::at("http://index.invalid/simple/");
    let error = project(&bench.client(), "a").await.unwrap_err();
    assert!(matches!(error, IndexError::PlainHttp { .. }), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("--trusted-host index.invalid")));
    let trusting = IndexOptions { trusted_hosts: vec!["index.invalid".into()], ..bench.options() };
    let error = project(&Index::new(trusting).unwrap(), "a").await.unwrap_err();
    assert!(matches!(error, IndexError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_page_of_a_server_does_not_lead_into_this_machine() {
    let server = PackageIndex::scripted(|_, _| {
        let page = "<a href='file:///tmp/a-1.0-py3-none-any.whl'>a</a>";
        Some(Answer::new(200).header("Content-Type", "text/html").body(page))
    })
    .await;
    assert_eq!(project(&Bench::at(server.url()).client(), "a").await.unwrap().files, []);
}

#[tokio::test]
async fn signed_urls_are_used_and_written_down_nowhere() {
    let server = PackageIndex::scripted(|request, shelf| {
        if request.path.starts_with("/files/") && request.parameter("X-Amz-Signature").as_deref() != Some("s3cret") {
            return Some(Answer::new(403));
        }
        let mut answer = shelf.answer(request);
        if request.path.starts_with("/simple/") {
            let place = format!("files/{}", large().filename());
            let page = String::from_utf8(answer.body).unwrap();
            answer.body = page.replace(&place, &format!("{place}?X-Amz-Signature=s3cret")).into_bytes();
        }
        Some(answer)
    })
    .await;
    server.put(&large());
    server.change(|shelf| shelf.beside = false);
    let bench = Bench::at(format!("{}?X-Amz-Signature=s3cret", server.url()));
    let index = bench.caching();
    let found = project(&index, "large").await.unwrap();
    let Location::Url(url) = &found.files[0].location else { panic!() };
    assert_eq!(url.query(), Some("X-Amz-Signature=s3cret"));
    index.metadata(&found.files[0]).await.unwrap();
    // As a lock has it: without what is good for minutes.
    let mut plain = url.clone();
    plain.set_query(None);
    let wheel = LockedWheel { location: Location::Url(plain), ..locked(&found.files[0]) };
    assert_eq!(read(&index.wheel(&wheel).await.unwrap()), large().build());
    assert!(!bench.kept().contains("s3cret") && bench.kept().contains("Name: large"));
    assert!(!found.index.contains("s3cret") && !format!("{:?}", bench.told()).contains("s3cret"));
}

/// A client that trusts one more authority for any host.
fn trusting(bench: &Bench) -> Index {
    let certificates = Certificates { authorities: vec![tls::file("corp-ca.pem")], ..Certificates::default() };
    Index::new(IndexOptions { certificates, ..bench.options() }).unwrap()
}

#[test]
fn an_authority_may_be_trusted_for_all_indexes() {
    // The front has a runtime of its own, which must not begin within another.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(PackageIndex::of(&[Wheel::new("a", "1.0")]));
    let front = TlsFront::to(&server.server.host(), "corp.pem", "");
    let bench = Bench::at(format!("https://{}/simple/", front.address));
    let error = runtime.block_on(project(&bench.client(), "a")).unwrap_err();
    assert!(error.to_string().contains("signed by an authority that this machine does not trust"), "{error}");
    assert_eq!(runtime.block_on(project(&trusting(&bench), "a")).unwrap().files.len(), 1);
}

#[test]
fn a_redirect_does_not_lead_out_of_tls() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let target = runtime.block_on(PackageIndex::of(&[Wheel::new("a", "1.0")]));
    let location = format!("{}a/", target.url());
    let answer = move |_: &_, _: &mut _| Some(Answer::new(302).header("Location", &*location));
    let server = runtime.block_on(PackageIndex::scripted(answer));
    let front = TlsFront::to(&server.server.host(), "corp.pem", "");
    let bench = Bench::at(format!("https://{}/simple/", front.address));
    let error = runtime.block_on(project(&trusting(&bench), "a")).unwrap_err();
    assert!(error.to_string().contains("which is plain HTTP"), "{error}");
    assert_eq!(target.count("GET"), 0);
}
