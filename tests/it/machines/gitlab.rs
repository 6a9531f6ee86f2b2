//! What GitLab CI is told: sections of the log, and variables for later jobs.

use super::Bench;

const JOB: [(&str, &str); 2] = [("GITLAB_CI", "true"), ("LEOFLOW_DOTENV", "result.env")];

#[test]
fn a_deploy_in_a_job() {
    let bench = Bench::new();
    let ran = bench.deploy("etl_sales", &JOB).exits(0);
    let lines: Vec<&str> =
        ran.stderr.split('\n').filter(|line| !line.contains("Base") && !line.contains("Waiting")).collect();
    let log = lines.join("\n").replace('\u{1b}', "ESC").replace('\r', "CR");
    insta::assert_snapshot!("log", bench.masked(&log));
    insta::assert_snapshot!("dotenv", bench.masked(&bench.read("result.env")));
}

#[test]
fn a_later_command_of_the_job_says_what_is_true_now() {
    let bench = Bench::new();
    bench.home.write("result.env", "MINE=1\n");
    bench.deploy("etl_sales", &JOB).exits(0);
    bench.deploy("etl_sales", &JOB).exits(0);
    let text = bench.read("result.env");
    assert!(text.starts_with("MINE=1\n") && text.contains("LEOFLOW_RESULT_ALREADY_LIVE=true\n"), "{text}");
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_once('=').map(|(name, _)| name)).collect();
    let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!((names.len(), text.lines().count()), (distinct.len(), names.len()), "{text}");
    assert!(names.len() <= 20 && text.len() < 5 * 1024, "older GitLabs take 20 variables: {text}");
}

#[test]
fn a_failed_command_says_so_to_later_jobs() {
    let bench = Bench::new();
    bench.run("validate nowhere", &[], &JOB).exits(2);
    assert_eq!(bench.read("result.env"), "LEOFLOW_RESULT_EXIT_CODE=2\nLEOFLOW_RESULT_KIND=usage\n");
}
