//! Checks as people and as scripts read them.

use serde_json::{Value, json};

use super::check::{Check, Status};
use crate::cli::building::count;
use crate::cli::fold::folded;
use crate::cli::report::printable;

/// The columns before what was found: the word for how it stands, and the check's name.
const COLUMNS: usize = 16;

/// The columns before a fix.
const FIX: usize = 6;

/// Returns a line a check, and its fix below it.
pub(super) fn text(checks: &[Check], is_styled: bool) -> String {
    let lines: String = checks.iter().map(|check| lines(check, is_styled)).collect();
    format!("{lines}\n{}\n", in_all(checks))
}

fn lines(check: &Check, is_styled: bool) -> String {
    let word = format!("{:<4}", check.status.word());
    let word = if is_styled { styled(check.status, &word) } else { word };
    let what = folded(&printable(&check.what), COLUMNS);
    let help =
        check.help.as_ref().map(|help| format!("{}fix: {}\n", " ".repeat(FIX), folded(&printable(help), FIX + 5)));
    format!("{word}  {:<9} {what}\n{}", check.name, help.unwrap_or_default())
}

/// Colours are added to words, and never stand for them.
fn styled(status: Status, word: &str) -> String {
    let colour = match status {
        Status::Ok => "32",
        Status::Warn => "33",
        Status::Fail(_) => "1;31",
    };
    format!("\u{1b}[{colour}m{word}\u{1b}[0m")
}

fn number(checks: &[Check], word: &str) -> usize {
    checks.iter().filter(|check| check.status.word() == word).count()
}

fn in_all(checks: &[Check]) -> String {
    let mut text = format!("{}: {} ok", count(checks.len(), "check"), number(checks, "ok"));
    match number(checks, "warn") {
        0 => {}
        warnings => text.push_str(&format!(", {}", count(warnings, "warning"))),
    }
    match number(checks, "fail") {
        0 => {}
        failed => text.push_str(&format!(", {failed} failed")),
    }
    text
}

/// Returns the object that scripts read.
pub(super) fn json(checks: &[Check], dag_id: Option<&str>) -> Value {
    let one = |check: &Check| {
        let exit = match check.status {
            Status::Fail(exit) => Some(exit.kind()),
            _ => None,
        };
        json!({"name": check.name, "status": check.status.word(), "what": check.what, "help": check.help, "kind": exit})
    };
    json!({
        "schema": "leoflow.doctor/v1",
        "dag_id": dag_id,
        "ok": number(checks, "ok"),
        "warnings": number(checks, "warn"),
        "failed": number(checks, "fail"),
        "checks": checks.iter().map(one).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::cli::report::Failure;

    #[test]
    fn each_line_has_its_fix_and_fits_in_eighty_columns() {
        let long =
            "cannot open an upload to ghcr.io/team/etl_sales: ghcr.io refused: the token that was presented is not one";
        let failure = Failure::new(Exit::Registry, long, Some("docker login ghcr.io".into()));
        let checks = [
            Check::ok("program", "leoflow 0.1.0"),
            Check::warn("token", "expires in 4 min", "leoflow auth login"),
            Check::fail("push", failure),
        ];
        let expected = "\
ok    program   leoflow 0.1.0
warn  token     expires in 4 min
      fix: leoflow auth login
fail  push      cannot open an upload to ghcr.io/team/etl_sales: ghcr.io
                refused: the token that was presented is not one
      fix: docker login ghcr.io

3 checks: 1 ok, 1 warning, 1 failed
";
        assert_eq!(text(&checks, false), expected);
        let styled = text(&checks, true);
        assert!(styled.starts_with("\u{1b}[32mok  \u{1b}[0m  program   leoflow"), "{styled:?}");
    }
}
