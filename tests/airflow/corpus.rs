//! Generated DAG files and what Airflow made of each, recorded: `testdata/airflow/corpus.json.gz`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    pub source: String,
    pub airflow: Value,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/airflow/corpus.json.gz")
}

#[allow(dead_code, reason = "only the test that replays reads")]
pub fn read() -> BTreeMap<String, Recorded> {
    let mut text = String::new();
    let file = std::fs::File::open(path()).expect("the corpus");
    GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    serde_json::from_str(&text).expect("JSON")
}

#[allow(dead_code, reason = "only the test that asks Airflow records")]
pub fn write(corpus: &BTreeMap<String, Recorded>) {
    let file = std::fs::File::create(path()).expect("writable");
    let mut gzip = GzEncoder::new(file, Compression::best());
    gzip.write_all(&serde_json::to_vec(corpus).expect("JSON")).expect("writable");
    gzip.finish().expect("writable");
}
