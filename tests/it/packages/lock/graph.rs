//! Who wants whom, and what changes from lock to lock.

use leoflow::packages::PackageName;
use leoflow::packages::lock::{Branch, Chains, KeptPackage, Lock};

use super::samples::{kept, package};

fn names(names: &[&str]) -> std::collections::BTreeSet<PackageName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// `app` and `web` are asked for; `ssl` is the base's.
fn lock() -> Lock {
    let asked = |name: &str, needs: &[&str]| {
        let mut package = package(name, "1.0", needs);
        package.requested = true;
        package
    };
    let packages = vec![
        asked("app", &["http", "json"]),
        package("http", "2.0", &["ssl", "json"]),
        package("json", "3.0", &["wide"]),
        asked("web", &["http"]),
        package("wide", "4.0", &["gone"]),
    ];
    let ssl = KeptPackage { dependencies: names(&["wide"]), ..kept("ssl", "5.0") };
    Lock { packages, kept: vec![ssl] }
}

fn drawn(branches: &[Branch]) -> String {
    let one = |branch: &Branch| {
        let needs = if branch.elsewhere { "(…)".to_owned() } else { drawn(&branch.needs) };
        format!("{}{needs}", branch.name)
    };
    let all: Vec<String> = branches.iter().map(one).collect();
    if all.is_empty() { String::new() } else { format!("({})", all.join(" ")) }
}

#[test]
fn needs_are_drawn_once_and_nearest_to_the_project() {
    assert_eq!(drawn(&lock().tree()), "(app(http(json(…) ssl(wide)) json(wide)) web(http(…)))");
}

#[test]
fn what_nobody_is_known_to_want_is_drawn_too() {
    let unknown = Lock { packages: ["a", "b"].map(|name| package(name, "1", &[])).into(), kept: Vec::new() };
    assert_eq!(drawn(&unknown.tree()), "(a b)");
    let circle = Lock { packages: vec![package("a", "1", &["b"]), package("b", "1", &["a"])], kept: Vec::new() };
    assert_eq!(drawn(&circle.tree()), "(a(b(a(…))))");
    assert_eq!(drawn(&Lock::default().tree()), "");
}

#[test]
fn a_long_chain_is_no_reason_to_run_out_of_stack() {
    let name = |at: usize| format!("p{at:06}");
    let packages = (0..20_000).map(|at| package(&name(at), "1", &[&name(at + 1)])).collect();
    assert_eq!(Lock { packages, kept: Vec::new() }.tree().len(), 1);
}

#[test]
fn chains_lead_from_what_is_asked_for() {
    let check = |name: &str, expected: &[&str]| {
        let Chains { chains, complete } = lock().chains_to(&name.parse().unwrap());
        assert!(complete);
        let chains: Vec<String> =
            chains.iter().map(|chain| chain.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ")).collect();
        assert_eq!(chains, expected, "{name}");
    };
    check("app", &["app"]);
    check(
        "wide",
        &["app json wide", "app http json wide", "app http ssl wide", "web http json wide", "web http ssl wide"],
    );
    check("ssl", &["app http ssl", "web http ssl"]);
    check("other", &[]);
}

#[test]
fn chains_that_nobody_can_count_are_given_up_and_the_shortest_is_there() {
    let name = |at: usize| format!("p{at:02}");
    let all: Vec<String> = (0..40).map(name).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut packages: Vec<_> = all.iter().map(|name| package(name, "1", &all)).collect();
    packages[0].requested = true;
    let found = Lock { packages, kept: Vec::new() }.chains_to(&"p39".parse().unwrap());
    assert!(!found.complete);
    assert_eq!(found.chains[0].iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["p00", "p39"]);
}

#[test]
fn a_package_knows_who_wants_it() {
    let lock = lock();
    let wide: PackageName = "wide".parse().unwrap();
    assert_eq!(lock.wanted_by()[&wide].iter().map(ToString::to_string).collect::<Vec<_>>(), ["json", "ssl"]);
}

#[test]
fn what_changed_is_told_by_name() {
    let before = Lock { packages: vec![package("a", "1", &[]), package("b", "1", &[])], kept: vec![kept("c", "1")] };
    let now =
        Lock { packages: vec![package("a", "2", &[]), package("c", "1", &[]), package("d", "1", &[])], kept: vec![] };
    let told: Vec<String> = now.since(&before).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["a 1 -> 2", "b 1 (gone)", "d 1 (new)"], "it does not matter whether the base has it");
    assert_eq!(now.since(&now), []);
}
