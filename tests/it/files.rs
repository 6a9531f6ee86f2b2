//! A project directory from outside: loading it, finding it, what goes into the image, its version.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use leoflow::layers::{Content, Entry, EntryPath};
use leoflow::project::{
    FilesError, FilesOptions, LoadError, Packed, Project, TagStrategy, VersionError, WorkspaceError, describe,
    discover, files, load, survey,
};
use tempfile::TempDir;

use crate::support::Home;

/// A directory with the files given as (path, text); a path that ends with `/` is a directory.
fn directory(entries: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in entries {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        if path.to_string_lossy().ends_with('/') {
            fs::create_dir_all(&path).expect("a directory");
        } else {
            fs::write(&path, text).expect("a file");
        }
    }
    directory
}

/// A sound project with `yaml` added to its leoflow.yaml, and more files.
fn project(yaml: &str, entries: &[(&str, &str)]) -> (TempDir, Project) {
    let directory = directory(&[("dag.py", "x = 1\n"), ("leoflow.yaml", &format!("dag_id: d\n{yaml}\n"))]);
    for (path, text) in entries {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(&path, text).expect("a file");
    }
    let project = load(directory.path()).expect("sound");
    (directory, project)
}

fn pack(project: &Project) -> Result<Packed, FilesError> {
    files(project, &FilesOptions::default())
}

/// Returns what a plan holds but for directories, without `home/leoflow/`.
fn paths(packed: &Packed) -> Vec<String> {
    let entries = packed.set.iter().filter(|(_, entry)| !matches!(entry, Entry::Directory));
    entries.map(|(path, _)| path.as_str().strip_prefix("home/leoflow/").expect("inside").to_owned()).collect()
}

/// Checks what goes into the image besides dag.py and leoflow.yaml.
fn check(yaml: &str, entries: &[&str], expected: &[&str]) {
    let entries: Vec<(&str, &str)> = entries.iter().map(|path| (*path, "text")).collect();
    let (_directory, project) = project(yaml, &entries);
    let packed = pack(&project).unwrap_or_else(|error| panic!("{yaml} {entries:?}: {error}"));
    let found: Vec<_> =
        paths(&packed).into_iter().filter(|path| !matches!(path.as_str(), "dag.py" | "leoflow.yaml")).collect();
    assert_eq!(found, expected, "{yaml} {entries:?}");
}

#[test]
fn the_rules_say_what_goes_in() {
    check("", &["b.py", "a/c.sql"], &["a/c.sql", "b.py"]);
    check("", &["dag.json", "data/dag.json"], &["data/dag.json"]);
    check("", &["pylock.toml", "pylock.linux-amd64-py311.toml", "data/pylock.toml"], &["data/pylock.toml"]);
    check("", &[".git/config", "a/__pycache__/x.pyc", "y.pyc", ".venv/x", "venv/x", "venv.py"], &["venv.py"]);
    check("include_paths: [lib]", &["lib/a.py", "other/b.py"], &["lib/a.py"]);
    check("include_paths: [lib/a.py, ./sql/]", &["lib/a.py", "lib/b.py", "sql/x"], &["lib/a.py", "sql/x"]);
    check("include_paths: []", &["a.py"], &[]);
    check(
        "exclude_paths: [\"*.csv\", \"!keep.csv\"]",
        &["a.csv", "d/keep.csv", "keep.csv"],
        &["d/keep.csv", "keep.csv"],
    );
    check("exclude_paths: [/data]", &["data/a", "lib/data/b"], &["lib/data/b"]);
    check("exclude_paths: [\"data/\"]", &["data/a", "lib/data"], &["lib/data"]);
    check("exclude_paths: [\"**/tmp/*.log\"]", &["tmp/a.log", "x/tmp/b.log", "tmp/c"], &["tmp/c"]);
    check("exclude_paths: [dag.py]", &["a.py"], &["a.py"]);
    // Adding a pattern takes no default away; naming one with `!` does.
    check("exclude_paths: [\"*.csv\"]", &[".git/config", "a.csv"], &[]);
    check("exclude_paths: [\"!venv\"]", &[".venv/a", "venv/b"], &["venv/b"]);
    // What lies below a directory that is kept out comes back by its exact path only.
    check("exclude_paths: [data, \"!data/*.csv\"]", &["data/a.csv"], &[]);
    check("exclude_paths: [data, \"!data/a.csv\"]", &["data/a.csv", "data/b.csv"], &["data/a.csv"]);
    check("include_paths: [lib]\nexclude_paths: [\"!a.txt\"]", &["a.txt", "lib/b"], &["lib/b"]);
    check("exclude_paths: [lib]\ninclude_paths: [lib/sub, lib/a]", &["lib/sub/x", "lib/a"], &[]);
}

#[test]
fn dockerignore_counts_and_the_yaml_has_the_last_word() {
    let ignore = (".dockerignore", "\u{FEFF}# notes\n*.md\r\n!README.md\n/.dockerignore\n");
    let entries = [ignore, ("a.md", ""), ("README.md", ""), ("b.txt", "")];
    let (_directory, plain) = project("", &entries);
    assert_eq!(paths(&pack(&plain).expect("packed")), ["README.md", "b.txt", "dag.py", "leoflow.yaml"]);
    let (_directory, overruled) = project("exclude_paths: [\"!a.md\", README.md]", &entries);
    assert_eq!(paths(&pack(&overruled).expect("packed")), ["a.md", "b.txt", "dag.py", "leoflow.yaml"]);
}

#[test]
fn dag_source_is_in_the_image_whatever_the_rules_say() {
    let entries = [("flows/main.py", ""), (".dockerignore", "*\n")];
    let (_directory, project) = project("dag_source: flows/main.py\nexclude_paths: [flows]", &entries);
    assert_eq!(paths(&pack(&project).expect("packed")), ["flows/main.py"]);
}

#[test]
fn a_plan_knows_modes_sizes_and_its_top() {
    let (directory, project) = project("", &[("run.sh", "#!/bin/sh\n"), ("empty/gone", "")]);
    fs::remove_file(directory.path().join("empty/gone")).expect("removed");
    fs::set_permissions(directory.path().join("run.sh"), fs::Permissions::from_mode(0o744)).expect("mode");
    fs::set_permissions(directory.path().join("dag.py"), fs::Permissions::from_mode(0o611)).expect("mode");
    let packed = pack(&project).expect("packed");
    let executable = |path: &str| match packed.set.get(&EntryPath::new(format!("home/leoflow/{path}")).expect("a path"))
    {
        Some(Entry::File { executable, .. }) => *executable,
        other => panic!("{path}: {other:?}"),
    };
    assert!(executable("run.sh"), "the owner's bit counts");
    assert!(!executable("dag.py"), "the group's does not");
    assert_eq!((packed.files, packed.bytes), (3, 6 + 10 + 10 + 1));
    let top = EntryPath::new("home/leoflow").expect("a path");
    assert_eq!(packed.set.get(&top), Some(&Entry::Directory));
    let empty = EntryPath::new("home/leoflow/empty").expect("a path");
    assert_eq!(packed.set.get(&empty), None, "an empty directory is no content, as in git");
}

#[test]
fn dag_py_is_packed_as_it_was_compiled() {
    let (_directory, project) = project("", &[("a.py", "")]);
    let options = FilesOptions { compiled_source: Some("x = 2\n".to_owned()), ..FilesOptions::default() };
    let packed = files(&project, &options).expect("packed");
    let path = EntryPath::new("home/leoflow/dag.py").expect("a path");
    let Some(Entry::File { content, .. }) = packed.set.get(&path) else { panic!("dag.py is a file") };
    assert_eq!(*content, Content::Bytes(b"x = 2\n".to_vec()), "whatever the file says by now");
}

#[test]
fn files_that_look_like_credentials_stop() {
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n";
    let account = r#"{"type": "service_account", "private_key": "x"}"#;
    let suspects: &[(&str, &str)] = &[
        (".env", ""),
        (".env.local", ""),
        ("conf/.ENV.example", ""),
        (".envrc", ""),
        (".netrc", ""),
        ("_netrc", ""),
        (".pypirc", ""),
        (".npmrc", ""),
        (".git-credentials", ""),
        (".pgpass", ""),
        ("id_rsa", ""),
        ("keys/ID_ED25519", ""),
        ("tls.pem", key),
        ("tls.key", "comment\n-----BEGIN RSA PRIVATE KEY-----\n"),
        ("deploy_key", key),
        ("notes/key.txt", key),
        ("prod_config.py", key),
        ("putty.ppk", ""),
        ("store.p12", ""),
        ("a[1].p12", ""),
        ("d/sp ace*?.p12", ""),
        ("#x.p12", ""),
        ("!x.p12", ""),
        ("back\\slash \"quoted\" é.p12", ""),
        ("store.jks", ""),
        ("kubeconfig", ""),
        ("prod.kubeconfig", ""),
        ("kube-prod.yaml", "clusters: []\nusers: []\n"),
        (".kube/config", ""),
        ("home/.aws/credentials", ""),
        (".azure/x", ""),
        (".config/gcloud/x/y", ""),
        (".ssh/known_hosts", ""),
        (".docker/config.json", ""),
        (".dockercfg", ""),
        (".leoflow/config.yaml", ""),
        ("sa.json", account),
        ("terraform.tfstate", ""),
        ("requirements.txt", "--index-url https://u:sesame@pypi.example/simple\nsix\n"),
        ("requirements-dev.in", "six @ https://u:sesame@pypi.example/six.whl\n"),
        ("requirements/prod.txt", "-i http://u:sesame@pypi.example/simple\n"),
        ("conf/pip.conf", "[global]\nindex-url = https://u:sesame@pypi.example/simple\n"),
        ("uv.toml", "index-url = \"https://u:sesame@pypi.example/simple\"\n"),
    ];
    for (path, text) in suspects {
        let (_directory, plain) = project("", &[(path, text)]);
        let error = pack(&plain).expect_err(path);
        let FilesError::Credentials { suspects } = &error else { panic!("{path}: {error}") };
        assert_eq!(suspects.len(), 1, "{path}");
        assert_eq!(suspects[0].path, Path::new(path));
        let help = error.help().expect("help");
        let lines: Vec<&str> = help.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
        assert_eq!(lines.len(), 2, "{help}");
        for (line, packed_there) in lines.iter().zip([false, true]) {
            let (_directory, settled) = project(&format!("exclude_paths:\n  - {line}"), &[(path, text)]);
            let packed = pack(&settled).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(paths(&packed).contains(&(*path).to_owned()), packed_there, "{line}");
        }
        let (_directory, plain) = project("", &[(path, text)]);
        let options = FilesOptions { allowed: vec![PathBuf::from(path)], ..FilesOptions::default() };
        assert!(files(&plain, &options).is_ok(), "--allow-file {path}");
    }
}

#[test]
fn files_that_only_sound_like_credentials_do_not_stop() {
    let certificate = "-----BEGIN CERTIFICATE-----\n";
    let (_directory, project) = project(
        "",
        &[
            ("environment.py", ""),
            ("env", ""),
            ("id_rsa.pub", ""),
            ("ca.pem", certificate),
            ("keys.py", "HEADER = \"-----BEGIN PRIVATE KEY-----\"\n"),
            ("data.json", "{\"private_key\": 1}"),
            ("kube.yaml", "kind: Pod\n"),
            ("docker/config.json", "{}"),
            ("aws/credentials.py", ""),
            ("requirements.txt", "-i https://pypi.example:443/simple\n-f https://${USER}:${PASSWORD}@h/\nsix==1\n"),
            ("pip.conf", "[global]\nindex-url = https://pypi.example/simple\n"),
            ("notes.txt", "https://u:sesame@pypi.example/simple\n"),
        ],
    );
    assert!(pack(&project).is_ok());
}

#[test]
fn an_allowance_is_an_exact_path_and_nothing_wider() {
    for pattern in ["!.env*", "!**/.env", "!.env", "!conf/", "!conf/.env.sample"] {
        let (_directory, wide) = project(&format!("exclude_paths: [\"{pattern}\"]"), &[("conf/.env", "")]);
        assert!(matches!(pack(&wide), Err(FilesError::Credentials { .. })), "{pattern}");
    }
    let (_directory, later) = project("exclude_paths: [\"!.env\", \".env\"]", &[(".env", "")]);
    assert_eq!(paths(&pack(&later).expect("the later pattern keeps it out")), ["dag.py", "leoflow.yaml"]);
    let entries = [(".dockerignore", "!.env\n"), (".env", "")];
    let (_directory, docker) = project("", &entries);
    assert!(matches!(pack(&docker), Err(FilesError::Credentials { .. })), "only leoflow.yaml allows");
}

#[test]
fn all_suspects_are_named_at_once() {
    let (_directory, project) = project("", &[("b/.env", ""), (".netrc", ""), ("a[1].p12", "")]);
    let error = pack(&project).expect_err("three");
    assert_eq!(
        error.to_string(),
        "3 files that would go into the image look like a credential: `.netrc` (passwords by host), \
         `a[1].p12` (a key store), `b/.env` (environment variables, often with secrets)"
    );
    assert!(error.help().expect("help").contains(r#"- "!a\\[1\\].p12""#));
}

/// Links to make, as (path, target), and part of the error, or nothing when all is well.
fn check_links(yaml: &str, links: &[(&str, &str)], error: Option<&str>) {
    let (directory, project) = project(yaml, &[("a/f", ""), ("b/g", ""), ("secret/s", "")]);
    for (path, target) in links {
        symlink(target, directory.path().join(path)).expect("a link");
    }
    match (pack(&project), error) {
        (Ok(packed), None) => {
            for (path, target) in links {
                let path = EntryPath::new(format!("home/leoflow/{path}")).expect("a path");
                assert_eq!(packed.set.get(&path), Some(&Entry::Symlink { target: (*target).to_owned() }));
            }
        }
        (Err(found), Some(expected)) => {
            assert!(found.to_string().contains(expected), "{links:?}: {found}");
            assert!(found.help().is_some_and(|help| help.contains("exclude_paths")), "{links:?}");
        }
        (result, expected) => panic!("{links:?}: {result:?}, not {expected:?}"),
    }
}

#[test]
fn links_stay_links_and_stay_inside() {
    check_links("", &[("l", "a/f")], None);
    check_links("", &[("l", "a")], None);
    check_links("", &[("a/l", "../b/g")], None);
    check_links("", &[("l", "m"), ("m", "n/f"), ("n", "a")], None);
    check_links("", &[("a/up", "..")], None);
    check_links("", &[("l", "/etc/passwd")], Some("`l` is a link to `/etc/passwd`, which is outside the project"));
    check_links("", &[("l", "../x")], Some("`l` is a link to `../x`, which is outside the project"));
    check_links("", &[("a/l", "../../x")], Some("outside the project"));
    check_links("", &[("d", "a"), ("l", "d/../../x")], Some("`l` is a link to `d/../../x`, which is outside"));
    check_links("", &[("l", "nothing")], Some("`l` is a link to `nothing`, where nothing is"));
    check_links("", &[("l", "l")], Some("leads around in circles"));
    check_links("", &[("l", "m"), ("m", "l")], Some("leads around in circles"));
    check_links("", &[("l", "a/f/x")], Some("where nothing is"));
    check_links(
        "exclude_paths: [secret]",
        &[("l", "secret/s")],
        Some("`l` is a link to `secret/s`, and `secret/s` is kept out of the image by `secret in exclude_paths`"),
    );
    check_links("include_paths: [l]", &[("l", "a/f")], Some("and `a/f` does not go into the image"));
    check_links("exclude_paths: [l]\ninclude_paths: [a]", &[], None);
}

#[test]
fn a_link_to_a_directory_is_not_descended() {
    let outside = directory(&[("x", "")]);
    let (directory, project) = project("include_paths: [\"l/x\"]", &[]);
    symlink(outside.path(), directory.path().join("l")).expect("a link");
    let error = pack(&project).expect_err("through a link");
    assert_eq!(error.to_string(), "`l/x` in include_paths: it runs through the link `l`");
}

#[test]
fn what_is_no_file_is_refused_by_name() {
    let (directory, project) = project("", &[("d/x", "")]);
    let _socket = std::os::unix::net::UnixListener::bind(directory.path().join("d/s")).expect("a socket");
    assert_eq!(pack(&project).expect_err("a socket").to_string(), "`d/s` is a socket, which cannot be in an image");
    fs::remove_file(directory.path().join("d/s")).expect("removed");
    assert!(Command::new("mkfifo").arg(directory.path().join("p")).status().expect("mkfifo").success());
    let error = pack(&project).expect_err("a FIFO");
    assert_eq!(error.to_string(), "`p` is a FIFO, which cannot be in an image");
    assert_eq!(error.help().as_deref(), Some(r#"`exclude_paths: ["p"]`"#));
}

#[test]
fn names_that_are_not_utf8_are_refused_unless_kept_out() {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    let (directory, plain) = project("", &[]);
    fs::write(directory.path().join(name), "").expect("a file");
    assert!(matches!(pack(&plain), Err(FilesError::NotUtf8 { .. })));
    let (directory, settled) = project("exclude_paths: [\"*.txt\"]", &[]);
    fs::write(directory.path().join(name), "").expect("a file");
    assert!(pack(&settled).is_ok());
}

#[test]
fn what_dag_py_needs_must_be_in_the_image() {
    let check = |yaml: &str, required: &str, expected: Option<(&str, &str)>| {
        let (directory, project) =
            project(yaml, &[("lib/a.py", ""), ("b.py", ""), (".dockerignore", "*.sql\n"), ("q.sql", "")]);
        symlink("lib", directory.path().join("alias")).expect("a link");
        let options = FilesOptions { required: vec![required.into()], ..FilesOptions::default() };
        match (files(&project, &options), expected) {
            (Ok(_), None) => {}
            (Err(error), Some((message, help))) => {
                assert!(error.to_string().contains(message), "{error}");
                assert!(error.help().unwrap_or_default().contains(help), "{:?}", error.help());
            }
            (result, expected) => panic!("{required}: {result:?}, not {expected:?}"),
        }
    };
    check("", "lib/a.py", None);
    check("", "alias/a.py", None);
    let rule = "dag.py needs `lib/a.py`, which `lib in exclude_paths` keeps out of the image";
    check("exclude_paths: [lib, alias]", "lib/a.py", Some((rule, "!lib/a.py")));
    let include = "dag.py needs `b.py`, which `include_paths` keeps out";
    check("include_paths: [lib]", "b.py", Some((include, "`include_paths: [\"b.py\"]`")));
    check("", "q.sql", Some(("`*.sql in .dockerignore` keeps out", "!q.sql")));
    check("", "gone.py", Some(("cannot read `gone.py`", "")));
}

#[test]
fn rules_that_lead_nowhere_are_named() {
    for (yaml, message) in [
        ("include_paths: [nothing]", "`nothing` in include_paths: there is no such file or directory"),
        ("include_paths: [\"*.py\"]", "`*.py` in include_paths: these are paths, not patterns"),
        ("include_paths: [dag.py/x]", "`dag.py/x` in include_paths: there is no such file or directory"),
        ("dag_source: main.py", "`main.py` in dag_source: there is no such file"),
    ] {
        let (_directory, project) = project(yaml, &[]);
        let error = pack(&project).expect_err(yaml);
        assert_eq!(error.to_string(), message);
        assert!(error.help().is_some());
    }
    let (_directory, project) = project("", &[(".dockerignore", "a\n{b\n")]);
    assert!(pack(&project).expect_err("a pattern").to_string().starts_with("`{b` in .dockerignore: "));
}

#[test]
fn the_plan_does_not_depend_on_where_or_in_which_order_files_were_made() {
    let names = ["b.py", "a.py", "é/ü.txt", "a-b/c", "a/b"];
    let (_one, first) = project("", &names.map(|name| (name, "x")));
    let mut reversed = names.map(|name| (name, "x"));
    reversed.reverse();
    let (_two, second) = project("", &reversed);
    let (first, second) = (pack(&first).expect("packed"), pack(&second).expect("packed"));
    assert_eq!(paths(&first), paths(&second));
    assert_eq!((first.files, first.bytes), (second.files, second.bytes));
}

#[test]
fn a_project_is_named_by_its_directory_or_by_a_file_in_it() {
    let directory = directory(&[("leoflow.yaml", "dag_id: d\n"), ("dag.py", "")]);
    let root = directory.path().canonicalize().expect("a root");
    for path in ["", "leoflow.yaml", "dag.py"] {
        let project = load(&directory.path().join(path)).expect(path);
        assert_eq!(project.root, root);
        assert_eq!(project.config_source.path, directory.path().join("leoflow.yaml"));
    }
}

#[test]
fn what_is_no_project_says_what_to_do() {
    let empty = directory(&[("x", "")]);
    let error = load(empty.path()).expect_err("empty");
    assert_eq!(error.to_string(), format!("`{}` has no leoflow.yaml", empty.path().display()));
    assert!(error.help().expect("help").contains("leoflow.yaml"));
    let misnamed = directory(&[("leoflow.yml", "dag_id: d\n")]);
    let error = load(misnamed.path()).expect_err("misnamed");
    assert_eq!(error.help().as_deref(), Some("rename leoflow.yml to leoflow.yaml"));
    let beside = directory(&[("leoflow.yaml", "dag_id: d\n"), ("dag.py", ""), ("notes.txt", "")]);
    assert!(matches!(load(&beside.path().join("notes.txt")), Err(LoadError::OtherFile { .. })));
    assert!(matches!(load(&empty.path().join("nothing")), Err(LoadError::Read { .. })));
    let odd = directory(&[("leoflow.yaml/x", "")]);
    assert!(matches!(load(odd.path()), Err(LoadError::Read { .. })));
}

#[test]
fn a_workspace_is_searched_five_levels_deep() {
    let yaml = |id: &str| format!("dag_id: {id}\n");
    let (one, two, three, four) = (yaml("zeta"), yaml("alpha"), yaml("deep"), yaml("hidden"));
    let directory = directory(&[
        ("a/leoflow.yaml", &one),
        ("b/c/leoflow.yaml", &two),
        ("1/2/3/4/5/leoflow.yaml", &three),
        ("1/2/3/4/5/6/leoflow.yaml", "dag_id: [too deep to be read]\n"),
        (".hidden/leoflow.yaml", &four),
    ]);
    symlink("..", directory.path().join("b/loop")).expect("a link");
    symlink("/", directory.path().join("b/everything")).expect("a link");
    let projects = discover(directory.path()).expect("three");
    let ids: Vec<_> = projects.iter().map(|project| project.config.dag_id.as_str()).collect();
    assert_eq!(ids, ["alpha", "deep", "zeta"]);
}

#[test]
fn a_workspace_at_fault_says_why() {
    let twice = directory(&[("a/leoflow.yaml", "dag_id: d\n"), ("b/leoflow.yaml", "dag_id: d\n")]);
    let error = discover(twice.path()).expect_err("twice");
    let root = twice.path().canonicalize().expect("a root");
    let message =
        format!("dag_id `d` stands in both `{}` and `{}`", root.join("a").display(), root.join("b").display());
    assert_eq!(error.to_string(), message);
    assert!(error.help().is_some());
    let none = directory(&[("a/x", "")]);
    assert!(matches!(discover(none.path()), Err(WorkspaceError::Empty { .. })));
    let sound = ("b/leoflow.yaml", "dag_id: b\n");
    let broken = directory(&[("a/leoflow.yaml", "dag_id: [\n"), sound, ("c/d/leoflow.yaml", "dag_id: a b\n")]);
    let error = discover(broken.path()).expect_err("two faulty ones");
    let WorkspaceError::Faulty { errors } = &error else { panic!("{error}") };
    assert!(matches!(&errors[..], [LoadError::Config(_), LoadError::Config(_)]), "{errors:?}");
    let members = survey(broken.path()).expect("three");
    let read: Vec<bool> = members.iter().map(|member| member.read.is_ok()).collect();
    assert_eq!((read, members[0].directory.ends_with("b")), (vec![true, false, false], true));
}

/// Runs git in a directory, with an identity and nothing of the user's.
fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"];
    let mut command = Command::new("git");
    command.current_dir(directory).args(identity).args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.args(arguments).output().expect("git");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(directory: &Path) {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "--allow-empty", "-m", "a commit"]);
}

fn version(project: &Project, strategy: TagStrategy) -> Result<String, VersionError> {
    describe(project, strategy, None).map(|tag| tag.to_string())
}

#[test]
fn versions_come_from_the_projects_own_repository() {
    let (directory, project) = project("", &[]);
    let path = directory.path();
    assert_eq!(version(&project, TagStrategy::Version).expect("outside git"), "dev");
    git(path, &["init", "-q"]);
    assert_eq!(version(&project, TagStrategy::Version).expect("nothing committed"), "dev");
    commit(path);
    let sha = version(&project, TagStrategy::GitSha).expect("a commit");
    assert!(sha.len() == 40 && sha.bytes().all(|b| b.is_ascii_hexdigit()), "{sha}");
    let short = version(&project, TagStrategy::Version).expect("a commit");
    assert!(sha.starts_with(&short) && short.len() >= 7, "{short}");
    git(path, &["tag", "release/1.2+b"]);
    assert_eq!(version(&project, TagStrategy::Version).expect("a tag"), "release-1.2-b");
    assert_eq!(version(&project, TagStrategy::GitTag).expect("a tag"), "release-1.2-b");
    fs::write(path.join("dag.py"), "x = 2\n").expect("a change");
    assert_eq!(version(&project, TagStrategy::Version).expect("a change"), "release-1.2-b-dirty");
    assert_eq!(version(&project, TagStrategy::GitTag).expect("a change"), "release-1.2-b-dirty");
    assert_eq!(version(&project, TagStrategy::GitSha).expect("a change"), format!("{sha}-dirty"));
    commit(path);
    assert!(version(&project, TagStrategy::Version).expect("one later").starts_with("release-1.2-b-1-g"));
}

#[test]
fn a_version_that_is_not_there_says_what_is_missing() {
    let (directory, project) = project("", &[]);
    let check = |strategy, message: &str, help: &str| {
        let error = version(&project, strategy).expect_err(message);
        assert_eq!(error.to_string(), message);
        assert!(error.help().expect("help").contains(help), "{:?}", error.help());
    };
    check(TagStrategy::GitSha, "tag_strategy `git_sha`: the project is in no git repository", "--dag-version");
    check(TagStrategy::GitTag, "tag_strategy `git_tag`: the project is in no git repository", "git tag");
    check(TagStrategy::Custom, "tag_strategy `custom`: no version was given", "--dag-version");
    git(directory.path(), &["init", "-q"]);
    check(TagStrategy::GitSha, "tag_strategy `git_sha`: nothing is committed yet", "--dag-version");
    check(TagStrategy::GitTag, "tag_strategy `git_tag`: nothing is committed yet", "git tag");
    commit(directory.path());
    check(TagStrategy::GitTag, "tag_strategy `git_tag`: the commit has no tag", "git tag");
}

#[test]
fn a_repository_that_git_cannot_read_is_an_error_and_not_dev() {
    let (directory, project) = project("", &[]);
    fs::create_dir(directory.path().join(".git")).expect("a directory");
    let error = version(&project, TagStrategy::Version).expect_err("no repository");
    assert!(matches!(error, VersionError::Git { .. }), "{error}");
    assert!(error.help().expect("help").contains("--dag-version"));
}

#[test]
fn a_given_version_wins_and_is_taken_as_it_is() {
    let (_directory, project) = project("", &[]);
    for strategy in [TagStrategy::Version, TagStrategy::GitSha, TagStrategy::GitTag, TagStrategy::Custom] {
        assert_eq!(describe(&project, strategy, Some("1.2.3")).expect("given").as_str(), "1.2.3");
    }
    let error = describe(&project, TagStrategy::Version, Some("1.0+b")).expect_err("no tag");
    assert!(error.help().expect("help").contains("`1.0-b`"));
    assert!(describe(&project, TagStrategy::Version, Some("")).is_err());
}

#[test]
fn a_project_below_the_top_of_its_repository_has_its_version() {
    let directory = directory(&[("flows/d/leoflow.yaml", "dag_id: d\n"), ("flows/d/dag.py", "")]);
    git(directory.path(), &["init", "-q"]);
    commit(directory.path());
    git(directory.path(), &["tag", "v7"]);
    let project = load(&directory.path().join("flows/d")).expect("sound");
    assert_eq!(version(&project, TagStrategy::Version).expect("a tag"), "v7");
}

#[test]
fn the_documented_examples_load() {
    let page = include_str!("../../docs/configuration.md");
    let examples: Vec<&str> =
        page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().expect("an end")).collect();
    assert!(examples.len() >= 4);
    for example in examples {
        let id = if example.contains("dag_id:") { "" } else { "dag_id: documented\n" };
        let directory = directory(&[("leoflow.yaml", &format!("{id}{example}"))]);
        load(directory.path()).unwrap_or_else(|error| panic!("{example}\n{error:?}"));
    }
}

/// A FIFO would be waited for without end, where a file is read before its directory is walked.
#[test]
fn a_fifo_in_the_place_of_a_file_is_told() {
    for name in ["leoflow.yaml", "dag.py", ".dockerignore"] {
        let home = Home::new();
        let project = home.project("bash_chain");
        // Only one of the three comes with every project.
        let _ = fs::remove_file(project.join(name));
        assert!(Command::new("mkfifo").arg(project.join(name)).status().expect("mkfifo").success());
        let ran = home.run(&["deploy", "bash_chain", "--sandbox"]);
        assert_ne!(ran.code, Some(0), "{name}");
        ran.says(&[name, "it is not a regular file"]);
    }
}
