//! What the DAG is called: as the flag says, as the file declares, as one answers, or after the directory.

use super::super::args::InitArgs;
use super::super::exit::Exit;
use super::super::prompt;
use super::super::report::Failure;
use super::super::session::Session;
use super::adopt::Adopted;
use super::place::Directory;
use crate::code::Code;

/// The longest dag_id.
const LONGEST: usize = 200;
/// What a DAG is called whose directory's name has no letter that an id may have.
const UNNAMED: &str = "my_dag";

/// Tells whether somebody is there to answer.
pub(super) fn may_ask(session: &Session, args: &InitArgs) -> bool {
    session.environment.interactive && !args.yes
}

/// Returns the DAG's id.
///
/// # Errors
/// When it cannot be one, or it is not said which of several it is.
pub(super) async fn dag_id(
    session: &Session,
    args: &InitArgs,
    directory: &Directory,
    adopted: Option<&Adopted>,
) -> Result<String, Failure> {
    let declared = adopted.map_or(&[][..], |adopted| &adopted.dag_ids);
    let dag_id = match (&args.dag_id, declared) {
        (Some(given), _) => given.clone(),
        (None, [only]) => only.clone(),
        (None, [_, _, ..]) => one_of(session, args, declared).await?,
        (None, []) => named(session, args, directory).await?,
    };
    check(&dag_id)?;
    match adopted {
        Some(adopted) if adopted.is_sure && !declared.contains(&dag_id) => Err(undeclared(&dag_id, adopted)),
        _ => Ok(dag_id),
    }
}

async fn one_of(session: &Session, args: &InitArgs, declared: &[String]) -> Result<String, Failure> {
    if may_ask(session, args) {
        let answer = prompt::ask(format!("which DAG, {}: ", listed(declared))).await?;
        return Ok(answer);
    }
    let message = format!("the file declares {} DAGs, and a project has one: {}", declared.len(), listed(declared));
    Err(Failure::usage(message, format!("say which: `--dag-id {}`", declared[0])))
}

fn listed(names: &[String]) -> String {
    names.join(", ")
}

/// Named after the directory, unless one answers otherwise.
async fn named(session: &Session, args: &InitArgs, directory: &Directory) -> Result<String, Failure> {
    let name = directory.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let proposed = slug(&name);
    if may_ask(session, args) {
        let answer = prompt::ask(format!("dag_id [{proposed}]: ")).await?;
        return Ok(if answer.is_empty() { proposed } else { answer });
    }
    if proposed != name {
        session.progress.line(&format!("note: `{name}` cannot be the name of a DAG and its image"));
        session.progress.line(&format!("      the dag_id is `{proposed}`; --dag-id chooses another"));
    }
    Ok(proposed)
}

fn check(dag_id: &str) -> Result<(), Failure> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if (1..=LONGEST).contains(&dag_id.len()) && !dag_id.starts_with('-') && dag_id.bytes().all(letter) {
        return Ok(());
    }
    let message = format!("`{dag_id}` cannot be a dag_id: 1 to 200 letters, digits, `_` and `-`, the first not `-`");
    Err(Failure::usage(message, format!("write e.g. `--dag-id {}`", slug(dag_id))))
}

fn undeclared(dag_id: &str, adopted: &Adopted) -> Failure {
    let message = match &adopted.dag_ids[..] {
        [] => format!("`{}` declares no DAG", adopted.shown),
        ids => format!("`{}` declares no DAG `{dag_id}`, but {}", adopted.shown, listed(ids)),
    };
    let help = match &adopted.dag_ids[..] {
        [] => "name a file that does; a `@dag` function must be called".to_owned(),
        ids => format!("name it: `--dag-id {}`", ids[0]),
    };
    Failure::new(Exit::Compile, message, Some(help)).coded(Code::NO_DAG)
}

/// Returns the nearest name that a DAG and, unlike every dag_id, an image can have: lowercase letters and digits, between
/// them a single `_` or `-`.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        let separator = if c == '-' { '-' } else { '_' };
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if slug.is_empty() || slug.ends_with(['_', '-']) => {}
            _ => slug.push(separator),
        }
    }
    slug.truncate(LONGEST);
    let slug = slug.trim_end_matches(['_', '-']);
    if slug.is_empty() { UNNAMED.to_owned() } else { slug.to_owned() }
}

/// Returns a name for the image where the dag_id cannot be one (distribution specification, "Pulling manifests").
pub(super) fn image_name(dag_id: &str) -> Option<String> {
    let fits = format!("x/{dag_id}").parse::<crate::reference::Repository>().is_ok();
    (!fits).then(|| slug(dag_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_its_name() {
        for (name, expected) in [
            ("etl_sales", "etl_sales"),
            ("etl-sales", "etl-sales"),
            ("ETL Sales (2026)", "etl_sales_2026"),
            ("Zürich", "z_rich"),
            ("日本", UNNAMED),
            ("", UNNAMED),
            ("-_x_-", "x"),
            ("a__b", "a_b"),
            ("42", "42"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
            assert!(check(&slug(name)).is_ok(), "{name}");
            assert_eq!(image_name(&slug(name)), None, "{name}");
        }
        assert!(check(&slug(&"x".repeat(300))).is_ok());
    }

    #[test]
    fn an_image_needs_another_name_where_the_dag_id_is_none() {
        for (dag_id, expected) in [("sales", None), ("ETL_Sales", Some("etl_sales")), ("_x", Some("x"))] {
            assert_eq!(image_name(dag_id).as_deref(), expected, "{dag_id}");
        }
    }
}
