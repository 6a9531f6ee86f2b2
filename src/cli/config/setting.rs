//! One setting, as text and as JSON.

use serde_json::{Value, json};

use crate::cli::report::Failure;
use crate::cli::server::Said;
use crate::cli::wrap::wrapped;

/// As wide as most terminals are.
const WIDTH: usize = 80;
/// Where values begin.
const COLUMN: usize = 15;

/// One setting.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    name: &'static str,
    /// What counts: one value, or those of a list; nothing when nobody says anything.
    chosen: Vec<Said>,
    /// What would count otherwise, the strongest first.
    overruled: Vec<Said>,
    is_list: bool,
    /// Why it cannot be used.
    pub(super) fault: Option<String>,
}

impl Setting {
    /// Takes the first of those who say something.
    pub(super) fn one(name: &'static str, said: impl IntoIterator<Item = Said>) -> Self {
        let mut said = said.into_iter();
        let chosen = said.next().into_iter().collect();
        Self { name, chosen, overruled: said.collect(), is_list: false, fault: None }
    }

    /// Takes all of what is said.
    pub(super) fn list(name: &'static str, said: impl IntoIterator<Item = Said>) -> Self {
        Self { name, chosen: said.into_iter().collect(), overruled: Vec::new(), is_list: true, fault: None }
    }

    /// Takes the list of the first of those who say something.
    pub(super) fn first_list(name: &'static str, lists: impl IntoIterator<Item = Vec<Said>>) -> Self {
        let mut lists = lists.into_iter();
        let chosen = lists.next().unwrap_or_default();
        Self { name, chosen, overruled: lists.flatten().collect(), is_list: true, fault: None }
    }

    /// Adds why it cannot be used, if it cannot.
    pub(super) fn checked<T>(self, result: Result<T, Failure>) -> Self {
        let message = |failure: Failure| failure.reports.into_iter().next().map(|report| report.message);
        Self { fault: result.err().and_then(message), ..self }
    }

    /// Returns its name in JSON.
    pub(super) fn key(&self) -> String {
        self.name.replace(' ', "_")
    }

    pub(super) fn as_json(&self) -> Value {
        let each = |said: &[Said]| said.iter().map(of_said).collect::<Vec<_>>();
        let mut json = match (self.is_list, self.chosen.first()) {
            (true, _) => json!({"values": each(&self.chosen)}),
            (false, Some(said)) => of_said(said),
            (false, None) => json!({"value": null, "source": null}),
        };
        json["instead_of"] = each(&self.overruled).into();
        json["fault"] = self.fault.clone().into();
        json
    }

    /// Returns its lines for people; a source that does not fit behind its value stands below it.
    pub(super) fn lines(&self) -> String {
        let none = self.chosen.is_empty().then(|| "none".to_owned());
        let chosen = self.chosen.iter().map(|said| with_source(&said.value, &said.source));
        let overruled =
            self.overruled.iter().map(|said| with_source(&format!("instead of {}", said.value), &said.source));
        let below = format!("\n{:COLUMN$}", "");
        let fault = |fault: &String| wrapped(&format!("at fault: {fault}"), WIDTH - COLUMN, 0).replace('\n', &below);
        let fault = self.fault.iter().map(fault);
        let lines: Vec<String> = none.into_iter().chain(chosen).chain(overruled).chain(fault).collect();
        let name = |at: usize| if at == 0 { self.name } else { "" };
        lines.iter().enumerate().map(|(at, line)| format!("{:COLUMN$}{line}\n", name(at))).collect()
    }
}

fn of_said(said: &Said) -> Value {
    json!({"value": said.value, "source": said.source})
}

fn with_source(value: &str, source: &str) -> String {
    let both = format!("{value} ({source})");
    if COLUMN + both.chars().count() <= WIDTH { both } else { format!("{value}\n{:COLUMN$}({source})", "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overruled_stands_below_what_counts() {
        let long = format!("https://{}.example.com", "long".repeat(12));
        let said = [Said::new("https://a", "--server"), Said::new(&long, "LEOFLOW_SERVER_URL")];
        let setting = Setting::one("server", said);
        let expected = format!(
            "server         https://a (--server)\n               instead of {long}\n               (LEOFLOW_SERVER_URL)\n"
        );
        assert_eq!(setting.lines(), expected);
        let json = json!({"value": "https://a", "source": "--server", "fault": null,
                          "instead_of": [{"value": long, "source": "LEOFLOW_SERVER_URL"}]});
        assert_eq!(setting.as_json(), json);
        assert_eq!(Setting::list("mirrors", []).lines(), "mirrors        none\n");
    }
}
