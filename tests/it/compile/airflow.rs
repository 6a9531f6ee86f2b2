//! Random DAG files mean what Apache Airflow said that they mean; `tests/airflow` asked it and recorded the answers.

#[path = "../../airflow/compare.rs"]
mod compare;
#[path = "../../airflow/corpus.rs"]
mod corpus;

use std::sync::Mutex;

use compare::Outcome;

const AT_ONCE: usize = 4;

#[test]
fn recorded_files_mean_what_they_mean_in_airflow() {
    let files = Mutex::new(corpus::read().into_iter());
    let next = || files.lock().expect("no panic").next();
    let outcome = Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, file)) = next() {
                    let found = compare::compare(&name, &file.source, &file.airflow);
                    outcome.lock().expect("no panic").add(found);
                }
            });
        }
    });
    let Outcome { same, refused, mixed, differences } = outcome.into_inner().expect("no panic");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(same >= 150 && refused >= 20 && mixed < same / 10, "{same} {refused} {mixed}");
}
