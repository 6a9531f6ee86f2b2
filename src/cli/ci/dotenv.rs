//! Variables for later jobs, in the form that GitLab takes as a report (`artifacts:reports:dotenv`):
//! <https://docs.gitlab.com/ci/variables/dotenv_variables/>. Jenkins' `readProperties` and shells read it as well.

use crate::cli::report::Report;

/// How large GitLab lets the file be, in bytes.
const MOST_BYTES: usize = 5 * 1024;

/// What names begin with: `LEOFLOW_TOKEN` and its like would change what the next command does.
const PREFIX: &str = "LEOFLOW_RESULT_";

/// Returns a line for each value that is none and blank: GitLab takes neither line breaks nor quotes away.
pub(super) fn lines(outputs: &[(String, String)]) -> Vec<(String, String)> {
    let line = |(name, value): &(String, String)| {
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        (format!("{PREFIX}{name}"), value.trim().to_owned())
    };
    outputs.iter().map(line).filter(|(_, value)| !value.is_empty()).collect()
}

/// Returns the file with these variables in place of those of the same names; other lines stay.
///
/// # Errors
/// When that is more than GitLab takes.
pub(super) fn joined(before: &str, variables: &[(String, String)]) -> Result<String, Report> {
    let is_told_anew =
        |line: &&str| line.split_once('=').is_some_and(|(name, _)| variables.iter().any(|(new, _)| new == name));
    let kept = before.lines().filter(|line| !is_told_anew(line)).map(|line| format!("{line}\n"));
    let new = variables.iter().map(|(name, value)| format!("{name}={value}\n"));
    let whole: String = kept.chain(new).collect();
    if whole.len() > MOST_BYTES {
        let message = format!("the variables for later jobs are {} bytes, and GitLab takes {MOST_BYTES}", whole.len());
        return Err(Report::new(message).help(Some("read them from the result: `--output json`".to_owned())));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_value_is_one_line_and_a_name_is_a_name() {
        let told = lines(&outputs(&[("dag_id", "etl"), ("a-b", " x\ny=1 "), ("none", "")]));
        assert_eq!(told, outputs(&[("LEOFLOW_RESULT_DAG_ID", "etl"), ("LEOFLOW_RESULT_A_B", "x y=1")]));
    }

    #[test]
    fn a_later_command_replaces_its_own_variables_alone() {
        let new = outputs(&[("LEOFLOW_RESULT_KIND", "success")]);
        let before = "MINE=1\nLEOFLOW_RESULT_KIND=registry\n";
        assert_eq!(joined(before, &new).unwrap(), "MINE=1\nLEOFLOW_RESULT_KIND=success\n");
    }

    #[test]
    fn more_than_gitlab_takes_is_told() {
        let long = outputs(&[("A", &"x".repeat(MOST_BYTES))]);
        assert!(joined("", &long).unwrap_err().message.contains("GitLab takes 5120"));
    }
}
